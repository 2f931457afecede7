{{ config(tags=['of_seeds']) }}

select
    cast(instrument as string) as instrument,
    cast(question_id as string) as question_id,
    cast(role as string) as role,
    cast(driver as string) as driver,
    cast(scale as string) as scale,
    cast(valid_min as integer) as valid_min,
    cast(valid_max as integer) as valid_max,
    cast(positive_min as integer) as positive_min,
    cast(statement as string) as statement
from {{ ref('question_crosswalk') }}
