{#- The key of a record among all sources: `<source>/<stream>/<record id>`. -#}
{% macro record_key(stream) -%}
    source_system || '/{{ stream }}/' || record_id
{%- endmacro %}
