{#- Reading the events of a GA4 export, each field in one way; models call these and no engine's own functions. -#}

{#- The value of an event's parameter, as text, whatever its type.

    A key may come more than once: the last one counts, as the export keeps the order in which they were set. The
    same key is an integer today and a text tomorrow, so every type is looked at.
-#}
{% macro event_parameter(parameters, key) -%}
    {{ return(adapter.dispatch('event_parameter')(parameters, key)) }}
{%- endmacro %}

{% macro duckdb__event_parameter(parameters, key) -%}
    list_extract(list_transform(
        list_filter({{ parameters }}, lambda each: each.key = {{ key }}),
        lambda each: coalesce(
            each.value.string_value, each.value.int_value, each.value.double_value, each.value.float_value
        )
    ), -1)
{%- endmacro %}

{% macro spark__event_parameter(parameters, key) -%}
    try_element_at(transform(
        filter({{ parameters }}, each -> each.key = {{ key }}),
        each -> coalesce(
            each.value.string_value, each.value.int_value, each.value.double_value, each.value.float_value
        )
    ), -1)
{%- endmacro %}

{#- The token of the visitor, or of the person who signed in, among an event's identifiers; null if there is none. -#}
{% macro visitor_token(identifiers) -%}
    {{ return(adapter.dispatch('identifier_of')(identifiers, '=')) }}.token
{%- endmacro %}

{% macro user_identifier(identifiers) -%}
    {{ return(adapter.dispatch('identifier_of')(identifiers, '<>')) }}
{%- endmacro %}

{% macro duckdb__identifier_of(identifiers, is_visitor) -%}
    list_extract(list_filter({{ identifiers }}, lambda each: each.type {{ is_visitor }} 'visitor'), 1)
{%- endmacro %}

{% macro spark__identifier_of(identifiers, is_visitor) -%}
    try_element_at(filter({{ identifiers }}, each -> each.type {{ is_visitor }} 'visitor'), 1)
{%- endmacro %}

{#- Microseconds since 1970, as text → UTC timestamp. -#}
{% macro utc_time_of_micros(text) -%}
    {{ return(adapter.dispatch('utc_time_of_micros')(text)) }}
{%- endmacro %}

{% macro duckdb__utc_time_of_micros(text) -%}
    make_timestamp(try_cast({{ text }} as bigint))
{%- endmacro %}

{% macro spark__utc_time_of_micros(text) -%}
    timestamp_micros(try_cast({{ text }} as bigint))
{%- endmacro %}

{#- A page's address without its scheme, user, query and fragment: `host/path`, as it came. -#}
{% macro page_of_location(location) -%}
    regexp_replace({{ url_without_query(location) }}, '^[A-Za-z][A-Za-z0-9+.-]*://([^/@]*@)?', '')
{%- endmacro %}

{#- The path of `host/path`, without a slash at its end; a part of it that may name a person reads [ID].

    Sites put case numbers, email addresses and the like into paths: a part with an @ or with five digits in a row.
-#}
{% macro page_path(page) -%}
    {{ return(adapter.dispatch('page_path')(page)) }}
{%- endmacro %}

{% macro duckdb__page_path(page) -%}
    coalesce(nullif(regexp_replace(
        regexp_replace(regexp_extract({{ page }}, '/.*$'), '/[^/]*(@|%40|[0-9]{5})[^/]*', '/[ID]', 'g'), '/+$', ''
    ), ''), '/')
{%- endmacro %}

{% macro spark__page_path(page) -%}
    coalesce(nullif(regexp_replace(
        regexp_replace(regexp_extract({{ page }}, '/.*$', 0), '/[^/]*(@|%40|[0-9]{5})[^/]*', '/[ID]'), '/+$', ''
    ), ''), '/')
{%- endmacro %}
