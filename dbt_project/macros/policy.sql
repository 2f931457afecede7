{#- One number of the agency's policy (seed `policy`) as a scalar expression of type double.

    The seed's validation proves that the key is there, once.
-#}
{% macro policy(key) -%}
    (select policy.value from {{ ref('policy') }} as policy where policy.policy = '{{ key }}')
{%- endmacro %}
