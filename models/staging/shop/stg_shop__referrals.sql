-- One row per invitation that somebody accepted by registering.
{{ config(enabled="shop" in var("systems")) }}

with source as (
    select * from {{ source("shop", "referrals") }}
),

renamed as (
    select
        trim(referral_no) as referral_id,
        trim(referrer_account_no) as referrer_account_id,
        trim(referred_account_no) as referred_account_id,
        cast(invited_at as timestamp) as referred_at,
        cast(exported_at as timestamp) as exported_at
    from source
)

select * from renamed
