{#
    Rows for which an expression over their columns is not true: an accounting identity
    that does not hold, or a null in it.

    Usage: - expression_is_true: {arguments: {expression: "gross - discount = net"}}
#}
{% test expression_is_true(model, expression) %}

select *
from {{ model }}
where not coalesce({{ expression }}, false)

{% endtest %}
