{#-
  A touched day is one in UTC, and where people live it may be a day earlier or later; so it can belong to two quarters. An
  answer may follow the contact that it is about by some days more: it is counted in its quarter, and who answered in the contact's.
  Where a build stopped half-way, what it had touched counts still: the facts that it left may name customers as identity
  does by now, and then int_touched_days no longer finds them.

  Should a measure's periods be longer than a quarter (a fiscal year), list here every quarter of each touched one: a
  partition has to hold whatever adds up, and is withheld, together.
-#}
{%- set pending = source('build', 'pending_batches') -%}

with reached as (
    select
        record_date,
        1 + cast({{ policy('survey_answer_days') }} as integer) as reach
    from {{ ref('int_touched_days') }}
),

days as (
    select {{ exploded(days_from_to('record_date - reach', 'record_date + reach')) }} as date_day
    from reached
),

quarters as (
    select distinct {{ fiscal_quarter_start('date_day') }} as quarter_start
    from days
    {%- if has_been_built() %}
    union distinct
    select earlier.quarter_start
    from {{ this }} as earlier
    where
        exists (
            select pending.batch_id
            from {{ pending }} as pending
            where pending.is_unsettled
        )
    {%- endif %}
)

select cast(quarter_start as date) as quarter_start
from quarters
