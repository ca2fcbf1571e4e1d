-- One row per household that bought something, was asked or written to before as_of.
{{ config(enabled="complete_journey" in var("systems")) }}

with clock as (
    select * from {{ ref("int_clock") }}
),

transactions as (
    select * from {{ ref("stg_complete_journey__transactions") }}
),

demographics as (
    select * from {{ ref("stg_complete_journey__demographics") }}
),

messages as (
    select * from {{ ref("int_complete_journey__messages") }}
),

households as (
    select household_id from demographics
    union distinct
    select transactions.household_id
    from transactions
    inner join clock
        on transactions.purchased_at < clock.as_of
    union distinct
    select messages.account_id as household_id
    from messages
    inner join clock
        on messages.sent_at < clock.as_of
),

int_complete_journey__customers as (
    select
        'complete_journey' as system,
        households.household_id as account_id,
        cast(null as varchar) as email,
        cast(null as varchar) as phone,
        cast(null as varchar) as loyalty_card,
        cast(null as varchar) as first_name,
        cast(null as varchar) as last_name,
        cast(null as varchar) as gender,
        {{ decoded("demographics.marital_status", {
            "Married": "married",
            "Unmarried": "single",
        }) }} as marital_status,
        demographics.income_band,
        cast(null as varchar) as education,
        'US' as country,
        cast(null as varchar) as region,
        cast(null as varchar) as city,
        cast(null as varchar) as postcode,
        cast(null as varchar) as language,
        cast(null as varchar) as preferred_channel,
        cast(null as varchar) as acquisition_channel,
        cast(rtrim(demographics.household_size, '+') as integer) as household_size,
        cast(null as double) as latitude,
        cast(null as double) as longitude,
        case
            when demographics.household_id is not null
                then {{ text_map({
                    "age_band": "demographics.age_band",
                    "home_ownership": "demographics.home_ownership",
                    "household_composition": "demographics.household_composition",
                    "household_size_band": "demographics.household_size",
                    "kids": "demographics.kids_band",
                }) }}
        end as traits,
        cast(null as date) as birth_date,
        cast(null as timestamp) as registered_at
    from households
    left join demographics
        on households.household_id = demographics.household_id
)

select * from int_complete_journey__customers
