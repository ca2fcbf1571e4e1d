-- One row per raw account of every enabled system, with the verdict on it.
{{ config(materialized="table") }}

with clock as (
    select * from {{ ref("int_clock") }}
),

customers as {{ not_materialized() }} (
    {{ union_systems("customers") }}
),

judged_customers as {{ not_materialized() }} (
    select
        customers.*,
        case
            when nullif(account_id, '') is null then 'missing_key'
            when registered_at >= as_of then 'in_the_future'
        end as reason
    from customers
    cross join clock
),

repeated_customers as (
    {{ repeated_rows("customers", "judged_customers", newest="registered_at") }}
),

int_customers_checked as (
    {{ rows_with_verdict("customers", "judged_customers", "repeated_customers") }}
)

select * from int_customers_checked
