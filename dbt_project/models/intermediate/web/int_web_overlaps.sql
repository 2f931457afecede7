{#-
  Equally long stretches tell no shorter one: what two of them differ by is days of both. Of others one less the other may be
  a few days, or what a month withholds. What came and counts no longer was told, so it is read too.
-#}
with stretches as (
    select distinct
        source_system,
        report,
        case breakdown when 'vote' then split_part(member, '/', 1) else site end as site,
        first_date,
        last_date,
        record_date
    from {{ ref('int_web_aggregates') }}
    where report is not null and first_date <= last_date
)

select distinct
    stretches.source_system,
    stretches.report,
    stretches.site,
    stretches.first_date,
    stretches.last_date,
    stretches.record_date,
    others.record_date as other_record_date
from stretches
inner join stretches as others
    on
        {{ same('stretches', 'others', ['source_system', 'report', 'site']) }}
        and stretches.first_date <= others.last_date
        and stretches.last_date >= others.first_date
        and {{ days_between('stretches.first_date', 'stretches.last_date') }}
        <> {{ days_between('others.first_date', 'others.last_date') }}
where stretches.first_date < stretches.last_date
