{#- Rows that share the values of the key's columns with another row, or lack a value that every row has.

    One test a model, because each costs as much as a small model in every build.

    Args:
        columns: the key's.
        not_null: columns without nulls, of the key or not.
-#}
{% test unique_together(model, columns, not_null=[]) %}
select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{%- if not_null %}
union all
select
    {{ columns | join(', ') }},
    1 as row_count
from {{ model }}
where {{ not_null | join(' is null or ') }} is null
{%- endif %}
{% endtest %}
