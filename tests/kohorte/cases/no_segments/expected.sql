-- int_segment_definitions.sql
-- One row per segment that is declared.
{{ config(materialized="view") }}

with

int_segment_definitions as (
    select
        '' as segment,
        '' as label,
        '' as description,
        'dynamic' as kind,
        '' as entity,
        '' as owner,
        '' as definition,
        '' as definition_hash,
        '' as declared_in,
        cast([] as text[]) as tags,
        cast([] as text[]) as uses,
        cast(null as bigint) as expected_min_members,
        cast(null as bigint) as expected_max_members,
        cast(null as double) as expected_max_change
    where
        false
)

select * from int_segment_definitions

-- int_segment_words__customer.sql
-- One row per customer: who is in which segment, 60 flags to a number.
{{ config(materialized="table") }}

with

dim_customer_features as (
    select * from {{ ref("dim_customer_features") }}
),

features as (
    select customer_id
    from dim_customer_features
),

int_segment_words__customer as (
    select customer_id
    from features
)

select * from int_segment_words__customer
