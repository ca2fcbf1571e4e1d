-- int_segment_definitions.sql
-- One row per segment that is declared.
{{ config(materialized="view") }}

with

int_segment_definitions as (
    select
        'example' as segment,
        'example' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'city is VIENNA, in any case' as definition,
        '35d8941b84daf4b1' as definition_hash,
        'text_eq_ignore_case/segments.yml' as declared_in,
        cast([] as text[]) as tags,
        cast([] as text[]) as uses,
        cast(null as bigint) as expected_min_members,
        cast(null as bigint) as expected_max_members,
        cast(null as double) as expected_max_change
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
    select
        customer_id,
        city
    from dim_customer_features
),

level_1 as (
    select
        features.*,
        coalesce(lower(features.city) = lower('VIENNA'), false) as in_segment__example
    from features
),

int_segment_words__customer as (
    select
        customer_id,
        cast(0 as bigint)
        + case when in_segment__example then 1 else 0 end as word_0
    from level_1
)

select * from int_segment_words__customer
