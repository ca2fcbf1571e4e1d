-- One row: the midnight after the last event of the extract.
{{ config(enabled="web_shop_events" in var("systems")) }}

with events as (
    select * from {{ ref("stg_web_shop_events__events") }}
),

last_days as (
    select cast(max(occurred_at) as date) as last_day
    from events
),

int_web_shop_events__extracts as (
    select
        'web_shop_events' as system,
        cast({{ dbt.dateadd("day", 1, "last_day") }} as timestamp) as covers_until
    from last_days
)

select * from int_web_shop_events__extracts
