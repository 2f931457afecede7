{#- Reading what others publish: numbers as people write them, and why there is none.

    A number may have thousands separators and a percent sign (`1,808,680`, `17%`): a percentage becomes a share. All else
    is no number: a European decimal comma is not guessed at.
-#}

{#- Text → double; null where it is no number. -#}
{% macro published_number(text) -%}
    case
        when {{ is_published_number(text) }} then
            cast(replace(replace(trim({{ text }}), ',', ''), '%', '') as double)
            / case when right(trim({{ text }}), 1) = '%' then 100 else 1 end
    end
{%- endmacro %}

{#- How many decimals the number was published with, as its value has them: 2 of `4.70` and of `17%`. -#}
{% macro published_decimals(text) -%}
    case
        when {{ is_published_number(text) }} then
            cast(
                length(replace(split_part(trim({{ text }}), '.', 2), '%', ''))
                + case when right(trim({{ text }}), 1) = '%' then 2 else 0 end
                as integer
            )
    end
{%- endmacro %}

{#- Half of the last digit that was published: how far a figure may be from it and still round to it. The 1e-12 is for what
    binary fractions leave.
-#}
{% macro published_tolerance(decimals) -%}
    (0.5e0 * power(10e0, -{{ decimals }}) + 1e-12)
{%- endmacro %}

{#- Why a cell holds no number: blank, no_data, spreadsheet_error or unreadable; null where it does. -#}
{% macro published_missing_reason(text) -%}
    case
        when {{ text }} is null or trim({{ text }}) = '' then 'blank'
        when {{ is_published_number(text) }} then null
        when lower(trim({{ text }})) in ('no data', 'n/a', 'na', 'not available', 'not reported', '-', '--', '—') then 'no_data'
        when trim({{ text }}) like '#%' then 'spreadsheet_error'
        else 'unreadable'
    end
{%- endmacro %}

{% macro is_published_number(text) -%}
    {{ return(adapter.dispatch('is_published_number')(text)) }}
{%- endmacro %}

{% macro duckdb__is_published_number(text) -%}
    coalesce(regexp_full_match(trim({{ text }}), '-?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)([.][0-9]+)?%?'), false)
{%- endmacro %}

{% macro spark__is_published_number(text) -%}
    coalesce(trim({{ text }}) rlike '^-?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)([.][0-9]+)?%?$', false)
{%- endmacro %}

{#- A period as a mapping reads it (`2026Q1`, `2026`, `2026-01`) → its type, and its first and last day. The fiscal year 2026
    begins on 2025-10-01.
-#}
{% macro period_type_of(label) -%}
    case
        when {{ label }} like '%Q%' then 'quarter'
        when {{ label }} like '%-%' then 'month'
        when {{ label }} is not null then 'year'
    end
{%- endmacro %}

{% macro period_start_of(label) -%}
    cast(case
        when {{ label }} like '%Q1' then cast(cast(substr({{ label }}, 1, 4) as integer) - 1 as string) || '-10-01'
        when {{ label }} like '%Q2' then substr({{ label }}, 1, 4) || '-01-01'
        when {{ label }} like '%Q3' then substr({{ label }}, 1, 4) || '-04-01'
        when {{ label }} like '%Q4' then substr({{ label }}, 1, 4) || '-07-01'
        when {{ label }} like '%-%' then {{ label }} || '-01'
        else cast(cast(substr({{ label }}, 1, 4) as integer) - 1 as string) || '-10-01'
    end as date)
{%- endmacro %}

{% macro months_in_period(period_type) -%}
    case {{ period_type }} when 'month' then 1 when 'quarter' then 3 when 'year' then 12 end
{%- endmacro %}

{#- The last day of a period that begins on a day. -#}
{% macro period_end_of(period_start, period_type) -%}
    {{ return(adapter.dispatch('period_end_of')(period_start, period_type)) }}
{%- endmacro %}

{% macro duckdb__period_end_of(period_start, period_type) -%}
    cast({{ period_start }} + to_months({{ months_in_period(period_type) }}) - to_days(1) as date)
{%- endmacro %}

{% macro spark__period_end_of(period_start, period_type) -%}
    date_sub(add_months({{ period_start }}, {{ months_in_period(period_type) }}), 1)
{%- endmacro %}

{#- A period as a whole number, counted from fiscal 2000 on: neighbours differ by 1. -#}
{% macro period_number(period_start, period_type) -%}
    cast(floor(
        ((extract(year from {{ period_start }}) - 1999) * 12 + extract(month from {{ period_start }}) - 10)
        / {{ months_in_period(period_type) }}
    ) as integer)
{%- endmacro %}

{#- The first day of the period before. -#}
{% macro previous_period_start(period_start, period_type) -%}
    {{ return(adapter.dispatch('previous_period_start')(period_start, period_type)) }}
{%- endmacro %}

{% macro duckdb__previous_period_start(period_start, period_type) -%}
    cast({{ period_start }} - to_months({{ months_in_period(period_type) }}) as date)
{%- endmacro %}

{% macro spark__previous_period_start(period_start, period_type) -%}
    add_months({{ period_start }}, -({{ months_in_period(period_type) }}))
{%- endmacro %}

{#- A label without what changes from one publication to the next and means nothing: case, spaces, punctuation, bytes that an
    encoding lost. -#}
{% macro plain_label(text) -%}
    {{ return(adapter.dispatch('plain_label')(text)) }}
{%- endmacro %}

{% macro duckdb__plain_label(text) -%}
    trim(regexp_replace(lower(coalesce({{ text }}, '')), '[^a-z0-9]+', ' ', 'g'))
{%- endmacro %}

{% macro spark__plain_label(text) -%}
    trim(regexp_replace(lower(coalesce({{ text }}, '')), '[^a-z0-9]+', ' '))
{%- endmacro %}

{#- Columns of one relation, to select or to group by. -#}
{% macro prefixed(relation, columns) -%}
    {%- for column in columns -%}
        {{ relation }}.{{ column }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
