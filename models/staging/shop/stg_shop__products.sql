-- One row per product that the shop sells or sold.
{{ config(enabled="shop" in var("systems")) }}

with source as (
    select * from {{ source("shop", "products") }}
),

renamed as (
    select
        trim(sku) as product_id,
        trim(title) as product_name,
        trim(breadcrumb) as category_path,
        trim(category_code) as category_code,
        trim(brand) as brand,
        trim(price_level) as price_level,
        trim(currency) as currency,
        cast(list_price as decimal(18, 4)) as price,
        cast(exported_at as timestamp) as exported_at
    from source
)

select * from renamed
