{#- Whether a model that keeps what an earlier build made has anything to read: false when it is built for the first time. -#}
{% macro has_been_built() %}
    {{- return(execute and load_relation(this) is not none) -}}
{% endmacro %}

{#- The models, among those named, that an earlier build made and this one keeps: none where it makes all anew. -#}
{% macro models_built(names, schema) %}
    {%- set built = [] -%}
    {%- for name in names if execute and not flags.FULL_REFRESH -%}
        {%- set relation = adapter.get_relation(this.database, schema, name) -%}
        {%- if relation is not none -%}{%- do built.append(relation) -%}{%- endif -%}
    {%- endfor -%}
    {{- return(built) -}}
{% endmacro %}

{#- A query: the pairs of tokens of which a person has judged that they are not the same one's, each in both directions.

    Args:
        pairs: the relation that has them; none: the seed identity_denied.
-#}
{% macro denied_nodes(pairs=none) -%}
{%- set pairs = pairs or ref('identity_denied') -%}
select
    identifier_type || ':' || token as node,
    other_identifier_type || ':' || other_token as other_node
from {{ pairs }}
union distinct
select
    other_identifier_type || ':' || other_token as node,
    identifier_type || ':' || token as other_node
from {{ pairs }}
{%- endmacro %}
