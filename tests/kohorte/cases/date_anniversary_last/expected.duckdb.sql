-- int_segment_definitions.sql
-- One row per segment that is declared.
{{ config(materialized="table") }}

with

int_segment_definitions as (
    select
        'example' as segment,
        'example' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'last_order_at has its anniversary within the last 2 weeks' as definition,
        'b2c8b927a4e5f01e' as definition_hash,
        'date_anniversary_last/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as text) as reason,
        cast(null as text) as was,
        'rule' as through,
        cast(null as text) as split_seed,
        cast([] as text[]) as tags,
        cast([] as text[]) as uses,
        cast([] as text[]) as lists,
        cast(0 as int) as word,
        cast(null as int) as list_word,
        cast(1 as bigint) as bit,
        cast(null as bigint) as list_bit,
        cast(null as bigint) as expected_min_members,
        cast(null as bigint) as expected_max_members,
        cast(null as double) as expected_max_change
)

select * from int_segment_definitions

-- int_segment_unread_files.sql
-- One row per mistake in a spec file outside of a segment.
{{ config(materialized="view") }}

with

int_segment_unread_files as (
    select
        cast(null as text) as declared_in,
        cast(null as text) as reason
    where
        false
)

select * from int_segment_unread_files

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
        cast(local_as_of as date) as today,
        cast(cast(local_as_of as date) - interval '14' day as date) as day_2_weeks_ago
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
            (
                extract(year from moments.today) - extract(year from cast(features.last_order_at at time zone 'UTC' at time zone 'Europe/Vienna' as date)) > 0
                and cast(cast(cast(features.last_order_at at time zone 'UTC' at time zone 'Europe/Vienna' as date) + interval ((
                    extract(year from moments.today) - extract(year from cast(features.last_order_at at time zone 'UTC' at time zone 'Europe/Vienna' as date))
                ) * 12) month as date) as date) >= moments.day_2_weeks_ago
                and cast(cast(cast(features.last_order_at at time zone 'UTC' at time zone 'Europe/Vienna' as date) + interval ((
                    extract(year from moments.today) - extract(year from cast(features.last_order_at at time zone 'UTC' at time zone 'Europe/Vienna' as date))
                ) * 12) month as date) as date) < moments.today
            )
            or (
                extract(year from moments.today) - extract(year from cast(features.last_order_at at time zone 'UTC' at time zone 'Europe/Vienna' as date)) - 1 > 0
                and cast(cast(cast(features.last_order_at at time zone 'UTC' at time zone 'Europe/Vienna' as date) + interval ((
                    extract(year from moments.today) - extract(year from cast(features.last_order_at at time zone 'UTC' at time zone 'Europe/Vienna' as date)) - 1
                ) * 12) month as date) as date) >= moments.day_2_weeks_ago
                and cast(cast(cast(features.last_order_at at time zone 'UTC' at time zone 'Europe/Vienna' as date) + interval ((
                    extract(year from moments.today) - extract(year from cast(features.last_order_at at time zone 'UTC' at time zone 'Europe/Vienna' as date)) - 1
                ) * 12) month as date) as date) < moments.today
            ),
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
