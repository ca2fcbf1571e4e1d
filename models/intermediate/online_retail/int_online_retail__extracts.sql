-- One row: the local midnight after the last invoice of the extract.
{{ config(enabled="online_retail" in var("systems")) }}

with invoice_lines as (
    select * from {{ ref("stg_online_retail__invoice_lines") }}
),

last_days as (
    select
        cast(
            max({{ convert_timezone("invoiced_at", "UTC", "Europe/London") }}) as date
        ) as last_day
    from invoice_lines
),

next_days as (
    select {{ dbt.dateadd("day", 1, "last_day") }} as next_day
    from last_days
),

int_online_retail__extracts as (
    select
        'online_retail' as system,
        {{ to_utc("next_day", "Europe/London") }} as covers_until
    from next_days
)

select * from int_online_retail__extracts
