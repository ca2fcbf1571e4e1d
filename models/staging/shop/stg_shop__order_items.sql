-- One row per product line of an order in the shop's export; rows may repeat.
{{ config(enabled="shop" in var("systems")) }}

with source as (
    select * from {{ source("shop", "order_items") }}
),

renamed as (
    select
        trim(order_no) as order_id,
        trim(sku) as product_id,
        cast(position as integer) as line_number,
        cast(quantity as decimal(18, 3)) as quantity,
        cast(returned_quantity as decimal(18, 3)) as returned_quantity,
        cast(unit_price as decimal(18, 4)) as unit_price,
        cast(discount as decimal(18, 4)) as discount_amount,
        cast(line_total as decimal(18, 4)) as net_amount,
        cast(placed_at as timestamp) as ordered_at,
        cast(returned_at as timestamp) as returned_at,
        cast(exported_at as timestamp) as exported_at
    from source
)

select * from renamed
