select
    cast(channel as varchar) as channel,
    cast(channel_name as varchar) as channel_name,
    cast(channel_group as varchar) as channel_group
from {{ ref('channels') }}
