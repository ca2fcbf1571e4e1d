-- One row per customer: whether they left a cart without ordering.
{{ config(materialized="table") }}

with customers as (
    select * from {{ ref("dim_customers") }}
),

events as (
    select * from {{ ref("fct_events") }}
),

orders as (
    select * from {{ ref("fct_orders") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

carts as (
    select
        customer_id,
        max(occurred_at) as last_cart_at
    from events
    where
        event_name in ('cart_added', 'checkout_started')
        and customer_id is not null
    group by customer_id
),

-- A cancelled order empties the cart as well as any other.
placed_orders as (
    select
        customer_id,
        ordered_at
    from orders
    where customer_id is not null
    union all
    select
        customer_id,
        occurred_at as ordered_at
    from events
    where event_name = 'order_placed' and customer_id is not null
),

last_placed_orders as (
    select
        customer_id,
        max(ordered_at) as last_order_at
    from placed_orders
    group by customer_id
),

abandoned_carts as (
    select
        carts.customer_id,
        carts.last_cart_at
    from carts
    left join last_placed_orders
        on carts.customer_id = last_placed_orders.customer_id
    where
        last_placed_orders.last_order_at is null
        or last_placed_orders.last_order_at < carts.last_cart_at
),

int_customer_cart_features as (
    select
        customers.customer_id,
        coalesce(
            abandoned_carts.last_cart_at >= windows.start_7d_at, false
        ) as has_abandoned_cart_7d,
        abandoned_carts.last_cart_at as last_abandoned_cart_at
    from customers
    cross join windows
    left join abandoned_carts
        on customers.customer_id = abandoned_carts.customer_id
)

select * from int_customer_cart_features
