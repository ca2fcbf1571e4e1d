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
        'birth_date is 1990-02-28 or 1992-02-29 or birth_date is 1990-02-28 or birth_date is not 1990-02-28 or birth_date is 1990-02-28 or 1992-02-29 or birth_date is not 1990-02-28 or 1992-02-29 or birth_date is unknown or birth_date is on 1990-02-28, or is unknown or birth_date is not within the last 18 years, and is known' as definition,
        'cf999bda69c4a33f' as definition_hash,
        'date_operators/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as string) as reason,
        cast(null as string) as was,
        'rule' as through,
        cast(null as string) as split_seed,
        cast(array() as array<string>) as tags,
        cast(array() as array<string>) as uses,
        cast(array() as array<string>) as lists,
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
        cast(null as string) as declared_in,
        cast(null as string) as reason
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
        cast('1990-02-28 00:00:00' as timestamp) as local_date_1990_02_28,
        cast('1990-03-01 00:00:00' as timestamp) as local_date_1990_03_01,
        local_as_of + interval '-18' year as local_years_18_ago,
        local_as_of
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
            features.birth_date in (
                cast('1990-02-28' as date),
                cast('1992-02-29' as date)
            )
            or features.birth_date = cast('1990-02-28' as date)
            or not coalesce(
                features.birth_date = cast('1990-02-28' as date),
                false
            )
            or features.birth_date in (
                cast('1990-02-28' as date),
                cast('1992-02-29' as date)
            )
            or not coalesce(
                features.birth_date in (
                    cast('1990-02-28' as date),
                    cast('1992-02-29' as date)
                ),
                false
            )
            or features.birth_date is null
            or (
                features.birth_date is null
                or (
                    cast(features.birth_date as timestamp) >= moments.local_date_1990_02_28
                    and cast(features.birth_date as timestamp) < moments.local_date_1990_03_01
                )
            )
            or (
                not (features.birth_date is null)
                and not coalesce(
                    cast(features.birth_date as timestamp) >= moments.local_years_18_ago
                    and cast(features.birth_date as timestamp) < moments.local_as_of,
                    false
                )
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
