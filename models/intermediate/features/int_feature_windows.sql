-- One row: where the windows of the features begin, stepped back on the wall clock.
{{ config(materialized="table") }}

with clock as (
    select * from {{ ref("int_clock") }}
),

a_year_ago as (
    select
        today,
        as_of,
        local_as_of,
        {{ dbt.dateadd("year", -1, "local_as_of") }} as local_last_year
    from clock
),

int_feature_windows as (
    select
        today,
        as_of,
        {{ to_utc(dbt.dateadd("day", -1, "local_as_of"), var("timezone")) }}
            as start_1d_at,
        {{ to_utc(dbt.dateadd("day", -7, "local_as_of"), var("timezone")) }}
            as start_7d_at,
        {{ to_utc(dbt.dateadd("day", -30, "local_as_of"), var("timezone")) }}
            as start_30d_at,
        {{ to_utc(dbt.dateadd("day", -90, "local_as_of"), var("timezone")) }}
            as start_90d_at,
        {{ to_utc(dbt.dateadd("day", -180, "local_as_of"), var("timezone")) }}
            as start_180d_at,
        {{ to_utc(dbt.dateadd("day", -365, "local_as_of"), var("timezone")) }}
            as start_365d_at,
        {{ to_utc(dbt.dateadd("day", -90, "local_last_year"), var("timezone")) }}
            as start_90d_last_year_at,
        {{ to_utc("local_last_year", var("timezone")) }} as end_90d_last_year_at
    from a_year_ago
)

select * from int_feature_windows
