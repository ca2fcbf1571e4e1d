-- One row: the local midnight after the last receipt of the extract.
{{ config(enabled="complete_journey" in var("systems")) }}

with transactions as (
    select * from {{ ref("stg_complete_journey__transactions") }}
),

last_days as (
    select
        cast(
            max({{ convert_timezone("purchased_at", "UTC", "America/New_York") }})
            as date
        ) as last_day
    from transactions
),

next_days as (
    select {{ dbt.dateadd("day", 1, "last_day") }} as next_day
    from last_days
),

int_complete_journey__extracts as (
    select
        'complete_journey' as system,
        {{ to_utc("next_day", "America/New_York") }} as covers_until
    from next_days
)

select * from int_complete_journey__extracts
