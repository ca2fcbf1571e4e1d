-- One row per product line on a receipt.
{{ config(enabled="complete_journey" in var("systems")) }}

with source as (
    select * from {{ source("complete_journey", "transactions_sample") }}
),

renamed as (
    select
        trim(household_id) as household_id,
        trim(store_id) as store_id,
        trim(basket_id) as basket_id,
        trim(product_id) as product_id,
        week as week_number,
        cast(quantity as decimal(18, 3)) as quantity,
        cast(sales_value as decimal(18, 4)) as sales_amount,
        cast(retail_disc as decimal(18, 4)) as loyalty_discount_amount,
        cast(coupon_disc as decimal(18, 4)) as coupon_amount,
        cast(coupon_match_disc as decimal(18, 4)) as coupon_match_amount,
        cast(transaction_timestamp as timestamp) as purchased_at
    from source
)

select * from renamed
