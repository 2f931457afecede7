{#- How long a visitor does nothing until what comes next is another session. -#}
{% macro session_gap() -%}
    interval '30' minute
{%- endmacro %}

{#- In an incremental model's `where`: the events of the stretches that this build makes sessions of, else all.

    Args:
        event: the alias of the events.
        stretches: the model that lists the stretches, a ref, so that dbt builds it before.
-#}
{% macro is_in_touched_stretch(event, stretches) -%}
    {%- if is_incremental() -%}
        exists (
            select 1
            from {{ stretches }} as stretch
            where
                {{ event }}.source_system = stretch.source_system
                and {{ event }}.visitor_token = stretch.visitor_token
                and {{ event }}.event_at between stretch.from_at and stretch.to_at
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#- Whether a page's address is one that a row of the seed `web_pages` means: its path with `*` for any text. -#}
{% macro path_matches(path, pattern) -%}
    {{ path }} like replace(replace(replace({{ pattern }}, '%', '\%'), '_', '\_'), '*', '%') escape '\'
{%- endmacro %}
