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
        cast(null as bigint) as total,
        cast(null as bigint) as squares,
        -- each number that a figure is over: a mean over four answered contacts is withheld like four contacts
        case
            when least(
                offered,
                nullif(handled, 0),
                nullif(timed_answers, 0),
                nullif(timed_contacts, 0),
                nullif(service_level_base, 0)
            ) < {{ policy('suppression_min_n') }} then 'small_n'
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
    {{ withheld_cells(cells) | indent }}
) as withheld
