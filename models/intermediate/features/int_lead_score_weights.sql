-- One row per signal and local day of the last year: what one of them is worth now.
{{ config(materialized="table") }}

with weights as (
    select * from {{ ref("lead_score_weights") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

ages as (
    select generated_number - 1 as age_days
    from ({{ dbt.generate_series(366) }}) as numbers
),

int_lead_score_weights as (
    select
        weights.signal,
        cast(
            weights.weight
            * case
                when weights.half_life_days is null then 1
                else power(0.5, ages.age_days / weights.half_life_days)
            end as decimal(18, 6)
        ) as weight,
        cast({{ dbt.dateadd("day", "-ages.age_days", "windows.today") }} as date)
            as signal_date
    from weights
    cross join ages
    cross join windows
)

select * from int_lead_score_weights
