-- One row per product of every enabled system.
with checked_products as (
    select * from {{ ref("int_products_checked") }}
),

dim_products as (
    select
        system || ':' || product_id as product_id,
        product_name,
        category,
        category_path,
        brand,
        system,
        currency,
        price
    from checked_products
    where verdict = 'accepted'
)

select * from dim_products
