{#- Spans that share a day with an earlier one of the same columns: what is counted over them would count twice. -#}
{% test no_span_twice(model, first_day, last_day, columns) %}
select
    {{ first_day }},
    {{ columns | join(', ') }}
from (
    select
        *,
        max({{ last_day }}) over (
            partition by {{ columns | join(', ') }}
            order by {{ first_day }}, {{ last_day }}
            rows between unbounded preceding and 1 preceding
        ) as last_day_before
    from {{ model }}
) as spans
where {{ first_day }} <= last_day_before
{% endtest %}
