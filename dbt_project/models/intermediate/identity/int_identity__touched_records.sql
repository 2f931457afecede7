{#-
  What identity was made of is read before int_identity__record_tokens is replaced: by its relation, since a ref would
  turn the graph in a ring. Where a build died it may be replaced already, and this table knows what stood there.
-#}
{%- set before = models_built(['int_identity__record_tokens'], 'intermediate') -%}
{%- set died = last_build_died() -%}
{%- set staged, sessions, days = ref('stg_touched_records'), ref('int_web_sessions'), ref('int_touched_days') -%}
{%- set links = ref('int_identity__links') -%}

with touched as (
    {% for earlier in before -%}
    select records._record_key
    from {{ staged }} as records
    union distinct
    select sessions._record_key
    from {{ sessions }} as sessions
    where
        sessions.user_token is not null
        and sessions.started_date in (select days.started_date from {{ days }} as days)
    union distinct
    select earlier._record_key
    from {{ earlier }} as earlier
    where
        split_part(earlier._record_key, '/', 2) = 'sessions'
        and cast(earlier.seen_at as date) in (select days.started_date from {{ days }} as days)
    union distinct
    select coalesce(links._record_key, earlier._record_key) as _record_key
    from {{ links }} as links
    full outer join (
        select
            _record_key,
            token
        from {{ earlier }}
        where identifier_type = 'link'
    ) as earlier
        on
            links._record_key = earlier._record_key
            and links.link = earlier.token
    where links._record_key is null or earlier._record_key is null
    {%- else -%}
    select cast(null as string) as _record_key
    where false
    {%- endfor %}
),

carried as (
    {% for earlier in before -%}
    select
        touched._record_key,
        earlier.node
    from touched
    left join {{ earlier }} as earlier on touched._record_key = earlier._record_key
    {%- else -%}
    select
        touched._record_key,
        cast(null as string) as node
    from touched
    {%- endfor %}
    {% for earlier in models_built([this.identifier], this.schema) -%}
    union distinct
    select
        earlier._record_key,
        earlier.node
    from {{ earlier }} as earlier
    where {{ died }}
    {%- endfor %}
)

select
    cast(_record_key as string) as _record_key,
    cast(node as string) as node
from carried
