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
        'age is at least 18 and active from 2026-01-01 until 2026-02-01 12:00:00' as definition,
        '61bdb3e21426f521' as definition_hash,
        'active/segments.yml' as declared_in,
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

    union all

    select
        'from_now_on' as segment,
        'from_now_on' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'age is at least 18 and active from 2026-01-01 on' as definition,
        '68dcc217e4b3bac3' as definition_hash,
        'active/segments.yml' as declared_in,
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
        cast(2 as bigint) as bit,
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
        as_of,
        (cast('2026-01-01 00:00:00' as timestamp)) at time zone 'Europe/Vienna'
        at time zone 'UTC' as date_2026_01_01,
        (cast('2026-02-01 12:00:00' as timestamp)) at time zone 'Europe/Vienna'
        at time zone 'UTC' as date_2026_02_01_12_00_00
    from int_clock
),

features as (
    select
        customer_id,
        age
    from dim_customer_features
),

level_1 as (
    select
        features.*,
        coalesce(
            features.age >= 18
            and (
                moments.as_of >= moments.date_2026_01_01
                and moments.as_of < moments.date_2026_02_01_12_00_00
            ),
            false
        ) as in_segment__example,
        coalesce(
            features.age >= 18
            and moments.as_of >= moments.date_2026_01_01,
            false
        ) as in_segment__from_now_on
    from features
    cross join moments
),

int_segment_words__customer as (
    select
        customer_id,
        cast(0 as bigint)
        + case when in_segment__example then 1 else 0 end + case
            when in_segment__from_now_on
                then 2
            else 0
        end as word_0
    from level_1
)

select * from int_segment_words__customer
