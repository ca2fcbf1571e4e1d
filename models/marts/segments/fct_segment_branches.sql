-- One row per waterfall, customer and branch that fits the customer now, won or not.
{{ config(materialized="view") }}

with

int_segment_definitions as (
    select * from {{ ref("int_segment_definitions") }}
    where kind = 'branch' and state = 'fresh'
),

fct_segment_members as (
    select * from {{ ref("fct_segment_members") }}
),

int_clock as (
    select * from {{ ref("int_clock") }}
),

-- A branch uses its own segment and all that stand before it.
branches as (
    select
        segment as branch,
        split_part(segment, '__', 1) as waterfall,
        substr(segment, length(split_part(segment, '__', 1)) + 3) as segment,
        cast(array_length(uses, 1) as bigint) as position
    from int_segment_definitions
),

fct_segment_branches as (
    select
        branches.waterfall,
        fits.customer_id,
        branches.branch,
        branches.segment,
        branches.position,
        won.customer_id is not null as is_won,
        int_clock.as_of
    from branches
    inner join fct_segment_members as fits
        on branches.segment = fits.segment
    left join fct_segment_members as won
        on
            branches.branch = won.segment
            and fits.customer_id = won.customer_id
    cross join int_clock
)

select * from fct_segment_branches
