-- Rows of the seed identity_denied that name a token which no record carries: they part nobody.
with denied as (
    {{ denied_nodes() | indent }}
)

select denied.node
from denied
left join {{ ref('int_customer_tokens') }} as tokens on denied.node = tokens.node
where tokens.node is null
