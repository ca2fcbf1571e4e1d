-- int_segment_definitions.sql
-- One row per segment that is declared.
{{ config(materialized="table") }}

with

int_segment_definitions as (
    select
        'status__bronze' as segment,
        'Status: bronze' as label,
        'Who spends how much.' as description,
        'tier' as kind,
        'customer' as entity,
        'crm@example.com' as owner,
        'revenue is at least 500 and is less than 1000' as definition,
        'faf20ed177d95350' as definition_hash,
        'texts_of_ladder_and_waterfall/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as text) as reason,
        cast(null as text) as was,
        'tier' as through,
        cast(null as text) as split_seed,
        cast(array['reward'] as text[]) as tags,
        cast(array[] as text[]) as uses,
        cast(array[] as text[]) as lists,
        cast(0 as int) as word,
        cast(null as int) as list_word,
        cast(1 as bigint) as bit,
        cast(null as bigint) as list_bit,
        cast(null as bigint) as expected_min_members,
        cast(null as bigint) as expected_max_members,
        cast(null as double precision) as expected_max_change

    union all

    select
        'status__gold' as segment,
        'Status: gold' as label,
        'Who spends how much.' as description,
        'tier' as kind,
        'customer' as entity,
        'crm@example.com' as owner,
        'revenue is at least 1000' as definition,
        '761d3a9707e74280' as definition_hash,
        'texts_of_ladder_and_waterfall/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as text) as reason,
        cast(null as text) as was,
        'tier' as through,
        cast(null as text) as split_seed,
        cast(array['reward'] as text[]) as tags,
        cast(array[] as text[]) as uses,
        cast(array[] as text[]) as lists,
        cast(0 as int) as word,
        cast(null as int) as list_word,
        cast(2 as bigint) as bit,
        cast(null as bigint) as list_bit,
        cast(null as bigint) as expected_min_members,
        cast(null as bigint) as expected_max_members,
        cast(null as double precision) as expected_max_change

    union all

    select
        'message__status__gold' as segment,
        'Message: status__gold' as label,
        'One for everybody.' as description,
        'branch' as kind,
        'customer' as entity,
        'crm@example.com' as owner,
        'in segment status__gold' as definition,
        'fdf4cf45d58b849c' as definition_hash,
        'texts_of_ladder_and_waterfall/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as text) as reason,
        cast(null as text) as was,
        'branch' as through,
        cast(null as text) as split_seed,
        cast(array['lifecycle'] as text[]) as tags,
        cast(array['status__gold'] as text[]) as uses,
        cast(array[] as text[]) as lists,
        cast(0 as int) as word,
        cast(null as int) as list_word,
        cast(4 as bigint) as bit,
        cast(null as bigint) as list_bit,
        cast(null as bigint) as expected_min_members,
        cast(null as bigint) as expected_max_members,
        cast(null as double precision) as expected_max_change

    union all

    select
        'message__status__bronze' as segment,
        'Message: status__bronze' as label,
        'One for everybody.' as description,
        'branch' as kind,
        'customer' as entity,
        'crm@example.com' as owner,
        'in segment status__bronze and (not (in segment status__gold))' as definition,
        '3f50b84afaee293f' as definition_hash,
        'texts_of_ladder_and_waterfall/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as text) as reason,
        cast(null as text) as was,
        'branch' as through,
        cast(null as text) as split_seed,
        cast(array['lifecycle'] as text[]) as tags,
        cast(array['status__bronze', 'status__gold'] as text[]) as uses,
        cast(array[] as text[]) as lists,
        cast(0 as int) as word,
        cast(null as int) as list_word,
        cast(8 as bigint) as bit,
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

features as (
    select
        customer_id,
        revenue
    from dim_customer_features
),

level_1 as (
    select
        features.*,
        (
            features.revenue >= 500
            and features.revenue < 1000
        ) as in_segment__status__bronze,
        features.revenue >= 1000 as in_segment__status__gold
    from features
),

level_2 as (
    select
        level_1.*,
        level_1.in_segment__status__gold as in_segment__message__status__gold,
        (
            level_1.in_segment__status__bronze
            and not level_1.in_segment__status__gold
        ) as in_segment__message__status__bronze
    from level_1
),

int_segment_words__customer as (
    select
        customer_id,
        cast(0 as bigint) + case
            when in_segment__status__bronze
                then 1
            else 0
        end + case
            when in_segment__status__gold
                then 2
            else 0
        end + case
            when in_segment__message__status__gold
                then 4
            else 0
        end + case
            when in_segment__message__status__bronze
                then 8
            else 0
        end as word_0
    from level_2
)

select * from int_segment_words__customer
