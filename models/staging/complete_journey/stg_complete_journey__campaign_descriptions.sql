-- One row per direct-mail campaign.
{{ config(enabled="complete_journey" in var("systems")) }}

with source as (
    select * from {{ source("complete_journey", "campaign_descriptions") }}
),

renamed as (
    select
        trim(campaign_id) as campaign_id,
        trim(campaign_type) as campaign_type,
        cast(start_date as date) as start_date,
        cast(end_date as date) as end_date
    from source
)

select * from renamed
