-- int_segment_definitions.sql
-- One row per segment that is declared.
{{ config(materialized="table") }}

with

int_segment_definitions as (
    select
        'status__gold' as segment,
        'Status: gold' as label,
        '' as description,
        'tier' as kind,
        'customer' as entity,
        '' as owner,
        'revenue is at least 1000' as definition,
        '761d3a9707e74280' as definition_hash,
        'ladder/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as string) as reason,
        cast(null as string) as was,
        'tier' as through,
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

    union all

    select
        'gold_of_vienna' as segment,
        'gold_of_vienna' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'in segment status__gold and city is Vienna' as definition,
        '0c32f9c12ec283fc' as definition_hash,
        'ladder/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as string) as reason,
        cast(null as string) as was,
        'rule' as through,
        cast(null as string) as split_seed,
        cast(array() as array<string>) as tags,
        cast(array('status__gold') as array<string>) as uses,
        cast(array() as array<string>) as lists,
        cast(0 as int) as word,
        cast(null as int) as list_word,
        cast(2 as bigint) as bit,
        cast(null as bigint) as list_bit,
        cast(null as bigint) as expected_min_members,
        cast(null as bigint) as expected_max_members,
        cast(null as double) as expected_max_change

    union all

    select
        'status__bronze' as segment,
        'Status: bronze' as label,
        '' as description,
        'tier' as kind,
        'customer' as entity,
        '' as owner,
        'revenue is at least 500 and is less than 750' as definition,
        'a23f9e848c844c61' as definition_hash,
        'ladder/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as string) as reason,
        cast(null as string) as was,
        'tier' as through,
        cast(null as string) as split_seed,
        cast(array() as array<string>) as tags,
        cast(array() as array<string>) as uses,
        cast(array() as array<string>) as lists,
        cast(0 as int) as word,
        cast(null as int) as list_word,
        cast(4 as bigint) as bit,
        cast(null as bigint) as list_bit,
        cast(null as bigint) as expected_min_members,
        cast(null as bigint) as expected_max_members,
        cast(null as double) as expected_max_change

    union all

    select
        'status__silver' as segment,
        'Status: silver' as label,
        '' as description,
        'tier' as kind,
        'customer' as entity,
        '' as owner,
        'revenue is at least 750 and is less than 1000' as definition,
        '34ff63a19b9ad584' as definition_hash,
        'ladder/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as string) as reason,
        cast(null as string) as was,
        'tier' as through,
        cast(null as string) as split_seed,
        cast(array() as array<string>) as tags,
        cast(array() as array<string>) as uses,
        cast(array() as array<string>) as lists,
        cast(0 as int) as word,
        cast(null as int) as list_word,
        cast(8 as bigint) as bit,
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
        revenue,
        city
    from dim_customer_features
),

level_1 as (
    select
        features.*,
        features.revenue >= 1000 as in_segment__status__gold,
        (
            features.revenue >= 500
            and features.revenue < 750
        ) as in_segment__status__bronze,
        (
            features.revenue >= 750
            and features.revenue < 1000
        ) as in_segment__status__silver
    from features
),

level_2 as (
    select
        level_1.*,
        coalesce(
            level_1.in_segment__status__gold
            and level_1.city = 'Vienna',
            false
        ) as in_segment__gold_of_vienna
    from level_1
),

int_segment_words__customer as (
    select
        customer_id,
        cast(0 as bigint) + case
            when in_segment__status__gold
                then 1
            else 0
        end + case
            when in_segment__gold_of_vienna
                then 2
            else 0
        end + case
            when in_segment__status__bronze
                then 4
            else 0
        end + case
            when in_segment__status__silver
                then 8
            else 0
        end as word_0
    from level_2
)

select * from int_segment_words__customer
