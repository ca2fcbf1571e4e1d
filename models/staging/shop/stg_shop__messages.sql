-- One row per message that the shop sent to one person; rows may repeat.
{{ config(enabled="shop" in var("systems")) }}

with source as (
    select * from {{ source("shop", "messages") }}
),

renamed as (
    select
        trim(message_no) as message_id,
        trim(account_no) as account_id,
        trim(campaign_code) as campaign_id,
        trim(recipient) as email,
        trim(medium) as medium_code,
        trim(campaign_title) as campaign_name,
        cast(sent_at as timestamp) as sent_at,
        cast(delivered_at as timestamp) as delivered_at,
        cast(opened_at as timestamp) as opened_at,
        cast(clicked_at as timestamp) as clicked_at,
        cast(unsubscribed_at as timestamp) as unsubscribed_at,
        cast(bounced_at as timestamp) as bounced_at,
        cast(exported_at as timestamp) as exported_at
    from source
)

select * from renamed
