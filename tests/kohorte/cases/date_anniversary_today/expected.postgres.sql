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
        'birth_date has its anniversary today' as definition,
        '20cea8a28d6c798b' as definition_hash,
        'date_anniversary_today/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as text) as reason,
        cast(null as text) as was,
        'rule' as through,
        cast(null as text) as split_seed,
        cast(array[] as text[]) as tags,
        cast(array[] as text[]) as uses,
        cast(array[] as text[]) as lists,
        cast(0 as int) as word,
        cast(null as int) as list_word,
        cast(1 as bigint) as bit,
        cast(null as bigint) as list_bit,
        cast(null as bigint) as expected_min_members,
        cast(null as bigint) as expected_max_members,
        cast(null as double precision) as expected_max_change
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
        cast(cast(local_as_of as date) + interval '1 DAY' as date) as day_1_days_ahead
    from int_clock
),

features as (
    select
        customer_id,
        birth_date
    from dim_customer_features
),

level_1 as (
    select
        features.*,
        coalesce(
            (
                extract(year from moments.today) - extract(year from features.birth_date) > 0
                and cast(features.birth_date + make_interval(
                    0,
                    cast((
                        extract(year from moments.today) - extract(year from features.birth_date)
                    ) * 12 as int)
                ) as date) >= moments.today
                and cast(features.birth_date + make_interval(
                    0,
                    cast((
                        extract(year from moments.today) - extract(year from features.birth_date)
                    ) * 12 as int)
                ) as date) < moments.day_1_days_ahead
            )
            or (
                extract(year from moments.today) - extract(year from features.birth_date) + 1 > 0
                and cast(features.birth_date + make_interval(
                    0,
                    cast((
                        extract(year from moments.today) - extract(year from features.birth_date) + 1
                    ) * 12 as int)
                ) as date) >= moments.today
                and cast(features.birth_date + make_interval(
                    0,
                    cast((
                        extract(year from moments.today) - extract(year from features.birth_date) + 1
                    ) * 12 as int)
                ) as date) < moments.day_1_days_ahead
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
