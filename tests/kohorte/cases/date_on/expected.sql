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
        'last_order_at is on 2026-01-31' as definition,
        '17ffce422d188f66' as definition_hash,
        'date_on/segments.yml' as declared_in,
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

int_clock as (
    select * from {{ ref("int_clock") }}
),

moments as (
    select
        (cast('2026-01-31 00:00:00' as timestamp)) at time zone 'Europe/Vienna'
        at time zone 'UTC' as date_2026_01_31,
        (cast('2026-02-01 00:00:00' as timestamp)) at time zone 'Europe/Vienna'
        at time zone 'UTC' as date_2026_02_01
    from int_clock
),

features as (
    select
        customer_id,
        last_order_at
    from dim_customer_features
),

level_1 as (
    select
        features.*,
        coalesce(
            features.last_order_at >= moments.date_2026_01_31
            and features.last_order_at < moments.date_2026_02_01,
            false
        ) as in_segment__example
    from features
    cross join moments
),

int_segment_words__customer as (
    select
        customer_id,
        cast(0 as bigint)
        + case when in_segment__example then 1 else 0 end as word_0
    from level_1
)

select * from int_segment_words__customer
