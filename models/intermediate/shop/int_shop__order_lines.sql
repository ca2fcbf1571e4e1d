-- One row per product line of an order in the shop's export; rows may repeat.
{{ config(enabled="shop" in var("systems")) }}

with order_items as (
    select * from {{ ref("stg_shop__order_items") }}
),

int_shop__order_lines as (
    select
        'shop' as system,
        order_id,
        line_number,
        product_id,
        quantity,
        returned_quantity,
        net_amount,
        discount_amount,
        ordered_at,
        returned_at
    from order_items
)

select * from int_shop__order_lines
