{#- Addresses of pages, as one page is written in several ways. -#}

{#- An address without its query and fragment, which may hold what a visitor typed; null of blank. -#}
{% macro url_without_query(url) -%}
    nullif(trim(split_part(split_part({{ url }}, '#', 1), '?', 1)), '')
{%- endmacro %}

{#- A page as `host/path`: without scheme, the host in lower case, and without a slash at the end but the home page's.

    Args:
        host: of the site, for an address that is a path alone; may be null.
        url: an address without query.
-#}
{% macro page_of_site(host, url) -%}
    {%- set whole -%}
        regexp_replace(regexp_replace(case when {{ url }} like '/%' then coalesce({{ host }}, '') || {{ url }} else {{ url }} end, '^https?://', ''), '/+$', '')
    {%- endset -%}
    {%- set site -%} split_part({{ whole }}, '/', 1) {%- endset -%}
    lower({{ site }}) || case when {{ whole }} = {{ site }} then '/' else substr({{ whole }}, length({{ site }}) + 1) end
{%- endmacro %}
