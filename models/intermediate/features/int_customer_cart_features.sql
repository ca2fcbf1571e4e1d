-- One row per customer: what they put into a cart without ordering.
{{ config(materialized="table") }}

with customers as (
    select * from {{ ref("dim_customers") }}
),

carts as (
    select * from {{ ref("int_visitor_carts") }}
),

int_customer_cart_features as (
    select
        customers.customer_id,
        coalesce(carts.count_abandoned_carts_90d, 0) as count_abandoned_carts_90d,
        coalesce(carts.count_abandoned_checkouts_90d, 0)
            as count_abandoned_checkouts_90d,
        coalesce(carts.abandoned_cart_value_90d, 0) as abandoned_cart_value_90d,
        {{ list_or_empty("carts.abandoned_cart_products_90d") }}
            as abandoned_cart_products_90d,
        coalesce(carts.has_abandoned_cart_7d, false) as has_abandoned_cart_7d,
        coalesce(carts.has_abandoned_checkout_7d, false) as has_abandoned_checkout_7d,
        carts.last_abandoned_cart_at,
        carts.last_abandoned_checkout_at
    from customers
    left join carts
        on customers.customer_id = carts.visitor_id and carts.is_customer
)

select * from int_customer_cart_features
