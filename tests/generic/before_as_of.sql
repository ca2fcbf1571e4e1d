{#
    Rows with an instant at or after as_of, which does not exist yet. Nulls pass.

    Usage: data_tests: [before_as_of]
#}
{% test before_as_of(model, column_name) %}

with clock as (
    select * from {{ ref("int_clock") }}
)

select {{ column_name }}
from {{ model }}
cross join clock
where {{ column_name }} >= as_of

{% endtest %}
