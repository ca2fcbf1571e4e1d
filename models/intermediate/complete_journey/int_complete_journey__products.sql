-- One row per product of the grocery assortment.
{{ config(enabled="complete_journey" in var("systems")) }}

with products as (
    select * from {{ ref("stg_complete_journey__products") }}
),

int_complete_journey__products as (
    select
        'complete_journey' as system,
        product_id,
        concat_ws(
            ', ', coalesce(product_type, product_category, department), package_size
        ) as product_name,
        concat_ws(' > ', department, product_category) as category_path,
        department as category,
        brand_kind as brand,
        'USD' as currency,
        cast(null as decimal(18, 4)) as price
    from products
)

select * from int_complete_journey__products
