-- One row per customer and local day on which they ordered or visited.
{{ config(materialized="table") }}

with orders as (
    select * from {{ ref("fct_orders") }}
),

events as (
    select * from {{ ref("fct_events") }}
),

order_days as (
    select
        customer_id,
        ordered_date,
        sum(net_revenue) as net_revenue,
        sum(item_count) as item_count,
        count(*) as count_orders
    from orders
    where customer_id is not null and not is_cancelled
    group by customer_id, ordered_date
),

event_days as (
    select
        customer_id,
        occurred_date,
        count(*) as count_events,
        max(occurred_at) as last_event_at
    from events
    where customer_id is not null
    group by customer_id, occurred_date
),

int_customer_days as (
    select
        coalesce(order_days.customer_id, event_days.customer_id) as customer_id,
        cast(coalesce(order_days.net_revenue, 0) as decimal(18, 4)) as net_revenue,
        cast(coalesce(order_days.item_count, 0) as decimal(18, 3)) as item_count,
        coalesce(order_days.count_orders, 0) as count_orders,
        coalesce(event_days.count_events, 0) as count_events,
        coalesce(order_days.ordered_date, event_days.occurred_date)
            as activity_date,
        event_days.last_event_at
    from order_days
    full outer join event_days
        on
            order_days.customer_id = event_days.customer_id
            and order_days.ordered_date = event_days.occurred_date
)

select * from int_customer_days
