{#- Addresses of pages, as one page is written in several ways. -#}

{#- An address without its query and fragment, which may hold what a visitor typed; null of blank. -#}
{% macro url_without_query(url) -%}
    nullif(trim(split_part(split_part({{ url }}, '#', 1), '?', 1)), '')
{%- endmacro %}

{#- A page as `host/path`: without scheme, the host in lower case, the path as `page_path` has it.

    Args:
        host: of the site, for an address that is a path alone; may be null.
        url: an address without query.
-#}
{% macro page_of_site(host, url) -%}
    {%- set whole -%}
        case when {{ url }} like '/%' then coalesce({{ host }}, '') || {{ url }} else {{ page_of_location(url) }} end
    {%- endset -%}
    lower(split_part({{ whole }}, '/', 1)) || {{ page_path(whole) }}
{%- endmacro %}
