{#
    Fails when no row has a value in the column.

    Usage: data_tests: [at_least_one]
#}
{% test at_least_one(model, column_name) %}

select count({{ column_name }}) as count_values
from {{ model }}
having count({{ column_name }}) = 0

{% endtest %}
