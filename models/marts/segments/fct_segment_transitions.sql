-- One row per customer's entry into a segment or exit from it.
{{ config(materialized="view") }}

with

fct_segment_stays as (
    select * from {{ ref("fct_segment_stays") }}
    where through <> 'reached'
),

entries as (
    select
        segment,
        customer_id,
        'entered' as transition,
        entered_because as because,
        entered_definition_hash as definition_hash,
        entered_at as happened_at
    from fct_segment_stays
),

exits as (
    select
        segment,
        customer_id,
        'left' as transition,
        left_because as because,
        left_definition_hash as definition_hash,
        left_at as happened_at
    from fct_segment_stays
    where left_at is not null
),

fct_segment_transitions as (
    select * from entries
    union all
    select * from exits
)

select * from fct_segment_transitions
