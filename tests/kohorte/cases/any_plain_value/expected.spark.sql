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
        'city is Vienna' as definition,
        '131de90811588017' as definition_hash,
        'any_plain_value/segments.yml' as declared_in,
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

features as (
    select
        customer_id,
        city
    from dim_customer_features
),

level_1 as (
    select
        features.*,
        coalesce(features.city = 'Vienna', false) as in_segment__example
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
