-- One row per day: what metrics over time are counted along.
{{ config(materialized="table") }}

with days as (
    {{
        dbt.date_spine(
            "day", "cast('2000-01-01' as date)", "cast('2050-01-01' as date)"
        )
    }}
),

dim_dates as (
    select
        {{ weekday("date_day") }} as weekday,
        cast({{ dbt.date_trunc("week", "date_day") }} as date) as week_start_date,
        cast({{ dbt.date_trunc("month", "date_day") }} as date) as month_start_date,
        cast({{ dbt.date_trunc("quarter", "date_day") }} as date) as quarter_start_date,
        cast({{ dbt.date_trunc("year", "date_day") }} as date) as year_start_date,
        cast(date_day as date) as date_day
    from days
)

select * from dim_dates
