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
        'is_reachable is false or true or is_reachable is true or is_reachable is not true or is_reachable is true or is_reachable is not false or true or is_reachable is unknown or is_reachable is false, or is unknown or is_reachable is not false, and is known' as definition,
        '105ccaca2714b70f' as definition_hash,
        'boolean_operators/segments.yml' as declared_in,
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
        is_reachable
    from dim_customer_features
),

level_1 as (
    select
        features.*,
        coalesce(
            features.is_reachable in (false, true)
            or features.is_reachable
            or not coalesce(features.is_reachable, false)
            or features.is_reachable
            or not coalesce(features.is_reachable in (false, true), false)
            or features.is_reachable is null
            or (
                features.is_reachable is null
                or not features.is_reachable
            )
            or (
                not (features.is_reachable is null)
                and not coalesce(not features.is_reachable, false)
            ),
            false
        ) as in_segment__example
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
