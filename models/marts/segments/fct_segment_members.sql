-- One row per segment and customer who is in it now: the stays without an end.
{{ config(materialized="view") }}

with

fct_segment_stays as (
    select * from {{ ref("fct_segment_stays") }}
),

int_segment_definitions as (
    select * from {{ ref("int_segment_definitions") }}
),

int_clock as (
    select * from {{ ref("int_clock") }}
),

fct_segment_members as (
    select
        fct_segment_stays.segment,
        fct_segment_stays.customer_id,
        fct_segment_stays.through,
        fct_segment_stays.variant,
        coalesce(
            int_segment_definitions.definition_hash,
            fct_segment_stays.entered_definition_hash
        ) as definition_hash,
        fct_segment_stays.entered_at,
        int_clock.as_of
    from fct_segment_stays
    left join int_segment_definitions
        on fct_segment_stays.segment = int_segment_definitions.segment
    cross join int_clock
    where
        fct_segment_stays.left_at is null
        and fct_segment_stays.through <> 'reached'
)

select * from fct_segment_members
