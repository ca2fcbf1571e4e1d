-- One row if the days of customers have other orders or events than the facts.
with customer_days as (
    select * from {{ ref("int_customer_days") }}
),

orders as (
    select * from {{ ref("fct_orders") }}
),

events as (
    select * from {{ ref("fct_events") }}
),

sums_of_days as (
    select
        coalesce(sum(count_orders), 0) as count_orders,
        coalesce(sum(net_revenue), 0) as net_revenue,
        coalesce(sum(count_events), 0) as count_events
    from customer_days
),

sums_of_orders as (
    select
        count(*) as count_orders,
        coalesce(sum(net_revenue), 0) as net_revenue
    from orders
    where customer_id is not null and not is_cancelled
),

sums_of_events as (
    select count(*) as count_events
    from events
    where customer_id is not null
),

customer_days_add_up as (
    select sums_of_days.*
    from sums_of_days
    cross join sums_of_orders
    cross join sums_of_events
    where
        sums_of_days.count_orders <> sums_of_orders.count_orders
        or sums_of_days.net_revenue <> sums_of_orders.net_revenue
        or sums_of_days.count_events <> sums_of_events.count_events
)

select * from customer_days_add_up
