-- One row per product that the shop sells or sold.
{{ config(enabled="shop" in var("systems")) }}

with products as (
    select * from {{ ref("stg_shop__products") }}
),

int_shop__products as (
    select
        'shop' as system,
        product_id,
        product_name,
        category_path,
        lower(category_code) as category,
        brand,
        currency,
        price
    from products
)

select * from int_shop__products
