-- One row per audience and customer who is to be in it now, with what to send.
with

checks as (
    select * from {{ ref("int_audience_checks") }}
),

int_clock as (
    select * from {{ ref("int_clock") }}
),

fct_audience_members as (
    select
        checks.audience,
        checks.customer_id,
        checks.channel,
        checks.address,
        checks.fields,
        int_clock.as_of
    from checks
    cross join int_clock
    where checks.reason is null
)

select * from fct_audience_members
