{#- What OMB Circular A-11 section 280 files each quarter: the reasons that its forms list, and the keys of its records. -#}

{#- The reasons in the order of the upload's columns. -#}
{% macro a11_280_reasons() -%}
    {{ return(['effectiveness', 'ease', 'efficiency', 'transparency', 'humanity', 'employee', 'other']) }}
{%- endmacro %}

{#- The columns of the upload, in its order. -#}
{% macro a11_280_upload_columns() -%}
    {%- set columns = ['external_id', 'question_1'] -%}
    {%- for kind in ['positive_', 'negative_'] -%}
        {%- for reason in a11_280_reasons() -%}
            {%- do columns.append(kind ~ reason) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(columns + ['question_4']) }}
{%- endmacro %}

{#- What a detail adds to its collection's integrity hash. -#}
{% macro a11_280_volumes() -%}
    {{ return([
        'id', 'volume_of_customers', 'volume_of_customers_provided_survey_opportunity', 'volume_of_respondents'
    ]) }}
{%- endmacro %}

{#- The key of a collection: a service and a fiscal quarter ('2026Q1'). -#}
{% macro a11_280_collection_id(service_id, fiscal_quarter) -%}
    {{ hash_id([service_id, fiscal_quarter]) }}
{%- endmacro %}

{#- The key of a collection's detail: within it a survey's version and a channel, which may be null. -#}
{% macro a11_280_detail_id(service_id, fiscal_quarter, survey_id, survey_version, channel) -%}
    {{ hash_id([service_id, fiscal_quarter, survey_id, survey_version, channel]) }}
{%- endmacro %}

{#- A box of the upload: '1' ticked, '0' offered and not ticked, 'null' not offered.

    Args:
        reasons: the reasons that the person gave, divided by commas; null where the form doesn't ask.
        offered: the reasons that the form lists, divided by `|`; null where it has no boxes.
        reason: which.
-#}
{% macro a11_280_box(reasons, offered, reason) -%}
    case
        when {{ reasons }} is null or {{ offered }} is null then 'null'
        when not contains(concat('|', {{ offered }}, '|'), '|{{ reason }}|') then 'null'
        when contains(concat(',', {{ reasons }}, ','), ',{{ reason }},') then '1'
        else '0'
    end
{%- endmacro %}

{#- How many bars `|` a text holds. -#}
{% macro a11_280_bars(text) -%}
    (length({{ text }}) - length(replace({{ text }}, '|', '')))
{%- endmacro %}

{#- An aggregate: SHA-256, 64 hex digits, over a group's distinct texts in their order, divided by commas. -#}
{% macro a11_280_integrity_hash(part) -%}
    {{ adapter.dispatch('sha256_hex')(sorted_list(part)) }}
{%- endmacro %}
