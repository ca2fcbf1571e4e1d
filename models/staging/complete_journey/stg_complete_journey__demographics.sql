-- One row per household that demographics were gathered of.
{{ config(enabled="complete_journey" in var("systems")) }}

with source as (
    select * from {{ source("complete_journey", "demographics") }}
),

renamed as (
    select
        trim(household_id) as household_id,
        trim(age) as age_band,
        trim(income) as income_band,
        trim(home_ownership) as home_ownership,
        trim(marital_status) as marital_status,
        trim(household_size) as household_size,
        trim(household_comp) as household_composition,
        trim(kids_count) as kids_band
    from source
)

select * from renamed
