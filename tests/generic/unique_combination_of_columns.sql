{#
    Combinations of columns that occur more than once.

    Usage: - unique_combination_of_columns: {arguments: {columns: [day, shop]}}
#}
{% test unique_combination_of_columns(model, columns) %}

select
    {{ columns | join(",\n    ") }},
    count(*) as count_rows
from {{ model }}
group by {{ columns | join(", ") }}
having count(*) > 1

{% endtest %}
