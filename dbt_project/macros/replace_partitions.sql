{#- Incremental strategy: empty every touched partition, then fill it anew.

    dbt's delete+insert deletes only the keys of the new rows, so a record that moved to another day would stay in
    both, and one that is gone would stay for ever. Config of a model:

        partition_by   the column whose values are the partitions; or
        unique_key     where a single record is replaced. Not null in either case.
        touched        the model that lists the touched ones in a column of the same name; without it, the
                       partitions of the new rows are the touched ones.

    With both keys, a new row of a partition that is not touched replaces the one with its unique_key. An engine that
    writes nothing but whole partitions has to add to such rows what their partitions hold besides.
-#}
{% macro get_incremental_replace_partitions_sql(arg_dict) -%}
    {{ return(adapter.dispatch('replace_partitions')(
        arg_dict['target_relation'],
        arg_dict['temp_relation'],
        config.get('partition_by') or config.require('unique_key'),
        touched_relation(config.get('touched')) or arg_dict['temp_relation'],
        config.get('unique_key') if config.get('partition_by'),
        arg_dict['dest_columns'] | map(attribute='quoted') | join(', ')
    )) }}
{%- endmacro %}

{% macro duckdb__replace_partitions(target, new_rows, partition, touched, key, columns) -%}
    delete from {{ target }}
    where
        {{ partition }} in (select {{ partition }} from {{ touched }})
        {%- if key %}
        or {{ key }} in (select {{ key }} from {{ new_rows }})
        {%- endif %};
    insert into {{ target }} ({{ columns }}) select {{ columns }} from {{ new_rows }}
{%- endmacro %}

{#- A model's relation by its name: a model's config can't hold a ref, which means nothing yet when it is read. -#}
{% macro touched_relation(name) -%}
    {%- if name is none -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set found = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | selectattr('name', 'equalto', name) | list -%}
    {%- if found | length != 1 or found[0].unique_id not in model.depends_on.nodes -%}
        {{ exceptions.raise_compiler_error(model.name ~ ": `touched` names '" ~ name ~ "', which is no model that it refers to") }}
    {%- endif -%}
    {{ return(found[0].relation_name) }}
{%- endmacro %}
