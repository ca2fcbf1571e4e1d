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
        'birth_date is from 1990-01-01 until 2000-01-01 or birth_date is before 1990-01-01 or birth_date is on or after 18 years ago or birth_date is since the start of the current year or birth_date is from the start of the previous year until the start of the current year or birth_date is longer than 18 years ago or birth_date has its anniversary within the last 1 month' as definition,
        '7d5553315abf2710' as definition_hash,
        'date_windows_of_date/segments.yml' as declared_in,
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
        cast('1990-01-01 00:00:00' as timestamp) as local_date_1990_01_01,
        cast('2000-01-01 00:00:00' as timestamp) as local_date_2000_01_01,
        local_as_of + interval '-18' year as local_years_18_ago,
        date_trunc('YEAR', local_as_of) as local_start_of_year,
        local_as_of,
        date_trunc('YEAR', local_as_of) + interval '-1' year as local_start_of_year_1_back,
        cast(local_as_of as date) as today,
        cast(cast(local_as_of as date) + interval '-1' month as date) as day_1_months_ago
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
                cast(features.birth_date as timestamp) >= moments.local_date_1990_01_01
                and cast(features.birth_date as timestamp) < moments.local_date_2000_01_01
            )
            or cast(features.birth_date as timestamp) < moments.local_date_1990_01_01
            or cast(features.birth_date as timestamp) >= moments.local_years_18_ago
            or (
                cast(features.birth_date as timestamp) >= moments.local_start_of_year
                and cast(features.birth_date as timestamp) < moments.local_as_of
            )
            or (
                cast(features.birth_date as timestamp) >= moments.local_start_of_year_1_back
                and cast(features.birth_date as timestamp) < moments.local_start_of_year
            )
            or cast(features.birth_date as timestamp) < moments.local_years_18_ago
            or (
                (
                    extract(year from moments.today) - extract(year from features.birth_date) > 0
                    and cast(features.birth_date + interval ((
                        extract(year from moments.today) - extract(year from features.birth_date)
                    ) * 12) month as date) >= moments.day_1_months_ago
                    and cast(features.birth_date + interval ((
                        extract(year from moments.today) - extract(year from features.birth_date)
                    ) * 12) month as date) < moments.today
                )
                or (
                    extract(year from moments.today) - extract(year from features.birth_date) - 1 > 0
                    and cast(features.birth_date + interval ((
                        extract(year from moments.today) - extract(year from features.birth_date) - 1
                    ) * 12) month as date) >= moments.day_1_months_ago
                    and cast(features.birth_date + interval ((
                        extract(year from moments.today) - extract(year from features.birth_date) - 1
                    ) * 12) month as date) < moments.today
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
