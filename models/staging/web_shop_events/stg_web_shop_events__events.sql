-- One row per recorded step of a visitor in the web shop.
{{ config(enabled="web_shop_events" in var("systems")) }}

with source as (
    select * from {{ source("web_shop_events", "events") }}
),

renamed as (
    select
        trim(user_id) as user_id,
        trim(session_id) as session_id,
        trim(event) as step,
        trim(platform) as platform,
        trim(acquisition_channel) as acquisition_channel,
        trim(user_cohort) as user_cohort,
        trim(user_lifecycle) as user_lifecycle,
        cast(timestamp as timestamp) as occurred_at
    from source
)

select * from renamed
