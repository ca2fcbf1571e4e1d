-- One row per household that a campaign was mailed to.
{{ config(enabled="complete_journey" in var("systems")) }}

with source as (
    select * from {{ source("complete_journey", "campaigns") }}
),

renamed as (
    select
        trim(campaign_id) as campaign_id,
        trim(household_id) as household_id
    from source
)

select * from renamed
