{#- Whether a model that keeps what an earlier build made has anything to read: false when it is built for the first time. -#}
{% macro has_been_built() %}
    {{- return(execute and load_relation(this) is not none) -}}
{% endmacro %}

{#- The facts, among those named, that an earlier build made and this one keeps: none where it makes all anew. -#}
{% macro facts_built(names) %}
    {%- set built = [] -%}
    {%- for name in names if execute and not flags.FULL_REFRESH -%}
        {%- set fact = adapter.get_relation(this.database, 'marts', name) -%}
        {%- if fact is not none -%}{%- do built.append(fact) -%}{%- endif -%}
    {%- endfor -%}
    {{- return(built) -}}
{% endmacro %}
