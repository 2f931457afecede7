{#- What a figure is over: a mean over four answered contacts is withheld like four contacts. -#}
{%- set parts_of_offered = [
    'handled', 'abandonment_base', 'transfer_base', 'timed_answers', 'timed_contacts', 'service_level_base',
] -%}
{%- set cells -%}
(
    select
        source_system as item,
        period_type,
        period_start,
        breakdown,
        member,
        service_organization_id,
        offered as n,
        {{ parts_of_offered | join(',\n        ') }},
        case
            when
                least(offered, {% for part in parts_of_offered %}nullif({{ part }}, 0){{ ', ' if not loop.last }}{% endfor %})
                < {{ policy('suppression_min_n') }}
                then 'small_n'
        end as reason
    from {{ ref('int_measures__contacts') }}
) as contacts
{%- endset -%}

select
    withheld.period_type,
    withheld.period_start,
    withheld.breakdown,
    withheld.member,
    withheld.item as source_system,
    withheld.reason
from (
    {{ withheld_cells(cells, parts_of_offered) | indent }}
) as withheld
