-- One row per raw order of the shop whose total is not the sum of its parts.
{{ config(enabled="shop" in var("systems"), severity="warn") }}

with orders as (
    select * from {{ ref("stg_shop__orders") }}
),

shop_orders_add_up as (
    select
        order_id,
        total_amount,
        gross_amount - discount_amount + tax_amount + shipping_amount as sum_of_parts
    from orders
    where
        total_amount
        <> gross_amount - discount_amount + tax_amount + shipping_amount
)

select * from shop_orders_add_up
