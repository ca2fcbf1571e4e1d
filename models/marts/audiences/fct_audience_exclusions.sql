-- One row per audience and customer of its segments who is kept out of it, and why.
with

checks as (
    select * from {{ ref("int_audience_checks") }}
),

int_clock as (
    select * from {{ ref("int_clock") }}
),

fct_audience_exclusions as (
    select
        checks.audience,
        checks.customer_id,
        checks.reason,
        int_clock.as_of
    from checks
    cross join int_clock
    where checks.reason is not null
)

select * from fct_audience_exclusions
