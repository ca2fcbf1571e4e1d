-- One row per invitation that somebody accepted by registering.
{{ config(enabled="shop" in var("systems")) }}

with referrals as (
    select * from {{ ref("stg_shop__referrals") }}
),

int_shop__referrals as (
    select
        'shop' as system,
        referral_id,
        referrer_account_id,
        referred_account_id,
        referred_at
    from referrals
)

select * from int_shop__referrals
