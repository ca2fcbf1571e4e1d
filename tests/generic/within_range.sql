{#
    Rows whose number is below the least or above the most. Nulls pass.

    Usage: - within_range: {arguments: {least: 0, most: 1}}
#}
{% test within_range(model, column_name, least, most) %}

select {{ column_name }}
from {{ model }}
where {{ column_name }} < {{ least }} or {{ column_name }} > {{ most }}

{% endtest %}
