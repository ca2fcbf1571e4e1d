-- One row per step of a visit to the web shop or its app; rows may repeat.
{{ config(enabled="shop" in var("systems")) }}

with source as (
    select * from {{ source("shop", "web_events") }}
),

renamed as (
    select
        event_no as event_id,
        visitor_id as anonymous_id,
        account_no as account_id,
        session_no as session_id,
        sku as product_id,
        utm_campaign as campaign_id,
        action as action_code,
        device as device_code,
        os,
        browser,
        path as page,
        category_code,
        details,
        cast(happened_at as timestamp) as occurred_at,
        cast(exported_at as timestamp) as exported_at
    from source
)

select * from renamed
