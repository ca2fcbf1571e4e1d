-- One row per message that the shop sent to one person; rows may repeat.
{{ config(enabled="shop" in var("systems")) }}

with messages as (
    select * from {{ ref("stg_shop__messages") }}
),

int_shop__messages as (
    select
        'shop' as system,
        message_id,
        account_id,
        lower(email) as email,
        {{ decoded("medium_code", {
            "mail": "email",
            "text": "sms",
            "push": "push",
            "letter": "post",
        }) }} as channel,
        campaign_id,
        campaign_name,
        sent_at,
        delivered_at,
        opened_at,
        clicked_at,
        unsubscribed_at,
        bounced_at
    from messages
)

select * from int_shop__messages
