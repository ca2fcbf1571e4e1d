-- One row per product of the grocery assortment.
{{ config(enabled="complete_journey" in var("systems")) }}

with source as (
    select * from {{ source("complete_journey", "products") }}
),

renamed as (
    select
        trim(product_id) as product_id,
        trim(manufacturer_id) as manufacturer_id,
        trim(department) as department,
        trim(product_category) as product_category,
        trim(product_type) as product_type,
        trim(brand) as brand_kind,
        trim(package_size) as package_size
    from source
)

select * from renamed
