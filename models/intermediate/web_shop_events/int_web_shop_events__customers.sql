-- One row per user who came to the web shop before as_of.
{{ config(enabled="web_shop_events" in var("systems")) }}

with clock as (
    select * from {{ ref("int_clock") }}
),

events as (
    select * from {{ ref("stg_web_shop_events__events") }}
),

user_events as (
    select
        user_id,
        acquisition_channel,
        user_cohort,
        user_lifecycle,
        row_number() over (
            partition by user_id
            order by occurred_at desc, session_id desc
        ) as event_number
    from events
    inner join clock
        on events.occurred_at < clock.as_of
    where user_id is not null
),

int_web_shop_events__customers as (
    select
        'web_shop_events' as system,
        user_id as account_id,
        cast(null as varchar) as email,
        cast(null as varchar) as phone,
        cast(null as varchar) as loyalty_card,
        cast(null as varchar) as first_name,
        cast(null as varchar) as last_name,
        cast(null as varchar) as gender,
        cast(null as varchar) as marital_status,
        cast(null as varchar) as income_band,
        cast(null as varchar) as education,
        cast(null as varchar) as country,
        cast(null as varchar) as region,
        cast(null as varchar) as city,
        cast(null as varchar) as postcode,
        cast(null as varchar) as language,
        cast(null as varchar) as preferred_channel,
        acquisition_channel,
        cast(null as integer) as household_size,
        cast(null as double) as latitude,
        cast(null as double) as longitude,
        {{ text_map({
            "cohort": "user_cohort",
            "lifecycle": "user_lifecycle",
        }) }} as traits,
        cast(null as date) as birth_date,
        cast(null as timestamp) as registered_at
    from user_events
    where event_number = 1
)

select * from int_web_shop_events__customers
