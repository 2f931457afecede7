select
    cells.cell_number,
    answers.scale,
    answers.driver,
    answers.points,
    answers.respondent_number,
    answers.sampling_unit_number,
    answers.weight
from {{ ref('int_measures__answers') }} as answers
inner join {{ ref('int_measures__cells') }} as cells
    on answers.group_number = cells.group_number
where
    answers.is_weighted
    and answers.weight is not null
