{#
    Fails when a mart has other than exactly the accepted rows of a canonical table.

    Usage: - holds_accepted_rows: {arguments: {table: orders}}
#}
{% test holds_accepted_rows(model, table) %}

with row_counts as (
    select * from {{ ref("int_row_counts") }}
),

accepted_rows as (
    select coalesce(sum(count_accepted), 0) as count_accepted
    from row_counts
    where table_name = '{{ table }}'
),

mart_rows as (
    select count(*) as count_rows
    from {{ model }}
)

select *
from mart_rows
cross join accepted_rows
where count_rows <> count_accepted

{% endtest %}
