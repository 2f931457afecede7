{{ config(tags=['of_seeds']) }}

select
    cast(channel as string) as channel,
    cast(channel_name as string) as channel_name,
    cast(channel_group as string) as channel_group,
    cast(service_level as string) as service_level
from {{ ref('channels') }}
