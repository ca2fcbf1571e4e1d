-- int_segment_definitions.sql
-- One row per segment that is declared.
{{ config(materialized="table") }}

with

int_segment_definitions as (
    select
        cast(null as text) as segment,
        cast(null as text) as label,
        cast(null as text) as description,
        cast(null as text) as kind,
        cast(null as text) as entity,
        cast(null as text) as owner,
        cast(null as text) as definition,
        cast(null as text) as definition_hash,
        cast(null as text) as declared_in,
        cast(null as text) as state,
        cast(null as text) as reason,
        cast(null as text) as was,
        cast(null as text) as through,
        cast(null as text) as split_seed,
        cast(array[] as text[]) as tags,
        cast(array[] as text[]) as uses,
        cast(array[] as text[]) as lists,
        cast(null as int) as word,
        cast(null as int) as list_word,
        cast(null as bigint) as bit,
        cast(null as bigint) as list_bit,
        cast(null as bigint) as expected_min_members,
        cast(null as bigint) as expected_max_members,
        cast(null as double precision) as expected_max_change
    where
        false
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

features as (
    select customer_id
    from dim_customer_features
),

int_segment_words__customer as (
    select customer_id
    from features
)

select * from int_segment_words__customer
