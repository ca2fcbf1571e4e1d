-- One row per referral of one person by another, keyed to the one who referred.
with checked_referrals as (
    select * from {{ ref("int_referrals_checked") }}
),

identity_map as {{ not_materialized() }} (
    select * from {{ ref("int_identity_map") }}
),

orders as (
    select * from {{ ref("fct_orders") }}
),

last_orders as (
    select
        customer_id,
        max(ordered_at) as last_ordered_at
    from orders
    where not is_cancelled and customer_id is not null
    group by customer_id
),

referrals as (
    select
        system || ':' || referral_id as referral_id,
        system || ':' || referrer_account_id as referrer_account,
        system || ':' || referred_account_id as referred_account,
        system,
        referred_at
    from checked_referrals
    where verdict = 'accepted'
),

fct_referrals as (
    select
        referrals.referral_id,
        referrers.customer_id,
        referred.customer_id as referred_customer_id,
        referrals.system,
        coalesce(last_orders.last_ordered_at >= referrals.referred_at, false)
            as is_successful,
        referrals.referred_at
    from referrals
    left join identity_map as referrers
        on
            referrers.identifier_type = 'account'
            and referrals.referrer_account = referrers.identifier
    left join identity_map as referred
        on
            referred.identifier_type = 'account'
            and referrals.referred_account = referred.identifier
    left join last_orders
        on referred.customer_id = last_orders.customer_id
)

select * from fct_referrals
