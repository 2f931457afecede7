select
    items.cell_number,
    answers.scale,
    answers.driver,
    answers.points,
    answers.respondent_number,
    answers.sampling_unit_number,
    answers.weight
from {{ ref('int_measures__answers') }} as answers
inner join {{ ref('int_measures__cells') }} as cells
    on answers.group_number = cells.group_number
inner join {{ ref('int_measures__items') }} as items
    on
        cells.cell_number = items.cell_number
        and answers.scale = items.scale
        and answers.driver = items.driver
where
    items.is_design_based
    and answers.weight is not null
