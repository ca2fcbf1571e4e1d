-- One row per campaign mailing to one household.
{{ config(enabled="complete_journey" in var("systems")) }}

with campaigns as (
    select * from {{ ref("stg_complete_journey__campaigns") }}
),

campaign_descriptions as (
    select * from {{ ref("stg_complete_journey__campaign_descriptions") }}
),

coupon_redemptions as (
    select * from {{ ref("stg_complete_journey__coupon_redemptions") }}
),

first_redemptions as (
    select
        campaign_id,
        household_id,
        min(redemption_date) as redemption_date
    from coupon_redemptions
    group by campaign_id, household_id
),

int_complete_journey__messages as (
    select
        'complete_journey' as system,
        campaigns.campaign_id || '-' || campaigns.household_id as message_id,
        campaigns.household_id as account_id,
        cast(null as varchar) as email,
        'post' as channel,
        campaigns.campaign_id,
        'Campaign ' || campaigns.campaign_id
        || ', ' || campaign_descriptions.campaign_type as campaign_name,
        {{ to_utc("campaign_descriptions.start_date", "America/New_York") }} as sent_at,
        cast(null as timestamp) as delivered_at,
        cast(null as timestamp) as opened_at,
        {{ to_utc("first_redemptions.redemption_date", "America/New_York") }}
            as clicked_at,
        cast(null as timestamp) as unsubscribed_at,
        cast(null as timestamp) as bounced_at
    from campaigns
    left join campaign_descriptions
        on campaigns.campaign_id = campaign_descriptions.campaign_id
    left join first_redemptions
        on
            campaigns.campaign_id = first_redemptions.campaign_id
            and campaigns.household_id = first_redemptions.household_id
)

select * from int_complete_journey__messages
