-- One row per raw referral of one account by another, with the verdict on it.
{{ config(materialized="table") }}

with clock as (
    select * from {{ ref("int_clock") }}
),

referrals as {{ not_materialized() }} (
    {{ union_systems("referrals") }}
),

judged_referrals as {{ not_materialized() }} (
    select
        referrals.*,
        case
            when nullif(referral_id, '') is null then 'missing_key'
            when referred_at is null then 'missing_time'
            when
                nullif(referrer_account_id, '') is null
                or nullif(referred_account_id, '') is null
                then 'missing_customer'
            when referred_at >= as_of then 'in_the_future'
            when referrer_account_id = referred_account_id then 'self_referral'
        end as reason
    from referrals
    cross join clock
),

repeated_referrals as (
    {{ repeated_rows("referrals", "judged_referrals", newest="referred_at") }}
),

int_referrals_checked as (
    {{ rows_with_verdict("referrals", "judged_referrals", "repeated_referrals") }}
)

select * from int_referrals_checked
