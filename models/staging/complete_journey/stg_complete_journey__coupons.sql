-- One row per coupon of a campaign and product that it may be redeemed on.
{{ config(enabled="complete_journey" in var("systems")) }}

with source as (
    select * from {{ source("complete_journey", "coupons") }}
),

renamed as (
    select
        trim(coupon_upc) as coupon_id,
        trim(product_id) as product_id,
        trim(campaign_id) as campaign_id
    from source
)

select * from renamed
