{#- Rows of the seed identity_denied that name a token which no record carries, and so part nobody; `model` lists the
    tokens. -#}
{% test identity_denied_is_known(model) %}
with denied as (
    {{ denied_nodes() }}
)

select denied.node
from denied
left join {{ model }} as tokens on denied.node = tokens.node
where tokens.node is null
{% endtest %}
