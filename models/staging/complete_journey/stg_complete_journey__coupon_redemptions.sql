-- One row per coupon that a household handed in.
{{ config(enabled="complete_journey" in var("systems")) }}

with source as (
    select * from {{ source("complete_journey", "coupon_redemptions") }}
),

renamed as (
    select
        trim(household_id) as household_id,
        trim(coupon_upc) as coupon_id,
        trim(campaign_id) as campaign_id,
        cast(redemption_date as date) as redemption_date
    from source
)

select * from renamed
