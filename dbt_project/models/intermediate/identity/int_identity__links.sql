select
    cast(_record_key as string) as _record_key,
    cast(link as string) as link,
    cast(seen_at as timestamp) as seen_at
from {{ source('build', 'record_links') }}
