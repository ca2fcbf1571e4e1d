-- int_segment_conditions__customer.sql
-- One row per customer who meets any condition on activities or lists, with 60 flags to
-- a number.
{{ config(materialized="table") }}

with

int_clock as (
    select * from {{ ref("int_clock") }}
),

int_segment_stays_before as (
    select * from {{ ref("int_segment_stays_before") }}
),

moments as (
    select (local_as_of - interval '60 DAY') at time zone 'Europe/Vienna'
        at time zone 'UTC' as days_60_ago
    from int_clock
),

-- was in segment status__gold__reached within the last 60 days
condition_1 as (
    select int_segment_stays_before.customer_id
    from int_segment_stays_before
    cross join moments
    where
        int_segment_stays_before.segment = 'status__gold__reached'
        and (
            int_segment_stays_before.left_at is null
            or int_segment_stays_before.left_at > moments.days_60_ago
        )
),

-- was in segment status__bronze__reached within the last 60 days
condition_2 as (
    select int_segment_stays_before.customer_id
    from int_segment_stays_before
    cross join moments
    where
        int_segment_stays_before.segment = 'status__bronze__reached'
        and (
            int_segment_stays_before.left_at is null
            or int_segment_stays_before.left_at > moments.days_60_ago
        )
),

-- was in segment status__silver__reached within the last 60 days
condition_3 as (
    select int_segment_stays_before.customer_id
    from int_segment_stays_before
    cross join moments
    where
        int_segment_stays_before.segment = 'status__silver__reached'
        and (
            int_segment_stays_before.left_at is null
            or int_segment_stays_before.left_at > moments.days_60_ago
        )
),

conditions_met as (
    select
        customer_id,
        0 as word,
        cast(1 as bigint) as flag
    from condition_1

    union all

    select
        customer_id,
        0 as word,
        cast(2 as bigint) as flag
    from condition_2

    union all

    select
        customer_id,
        0 as word,
        cast(4 as bigint) as flag
    from condition_3
),

int_segment_conditions__customer as (
    select
        customer_id,
        cast(bit_or(case when word = 0 then flag else 0 end) as bigint) as conditions_0
    from conditions_met
    where
        customer_id is not null
    group by
        customer_id
)

select * from int_segment_conditions__customer

-- int_segment_definitions.sql
-- One row per segment that is declared.
{{ config(materialized="table") }}

with

int_segment_definitions as (
    select
        'status__gold' as segment,
        'status: gold' as label,
        '' as description,
        'tier' as kind,
        'customer' as entity,
        '' as owner,
        'revenue is at least 1000 or was in segment status__gold__reached within the last 60 days' as definition,
        '4e9ffefab2d2326d' as definition_hash,
        'ladder_grace/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as text) as reason,
        cast(null as text) as was,
        'tier' as through,
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

    union all

    select
        'golden' as segment,
        'golden' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'in segment status__gold' as definition,
        '3a785df359cd1cda' as definition_hash,
        'ladder_grace/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as text) as reason,
        cast(null as text) as was,
        'rule' as through,
        cast(null as text) as split_seed,
        cast(array[] as text[]) as tags,
        cast(array['status__gold'] as text[]) as uses,
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
        'status__bronze__reached' as segment,
        'status: bronze' as label,
        '' as description,
        'reached' as kind,
        'customer' as entity,
        '' as owner,
        'revenue is at least 500' as definition,
        '5304defd23f5bf21' as definition_hash,
        'ladder_grace/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as text) as reason,
        cast(null as text) as was,
        'reached' as through,
        cast(null as text) as split_seed,
        cast(array[] as text[]) as tags,
        cast(array[] as text[]) as uses,
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
        'status__silver__reached' as segment,
        'status: silver' as label,
        '' as description,
        'reached' as kind,
        'customer' as entity,
        '' as owner,
        'revenue is at least 750' as definition,
        'fc9cc29a3cbb6d43' as definition_hash,
        'ladder_grace/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as text) as reason,
        cast(null as text) as was,
        'reached' as through,
        cast(null as text) as split_seed,
        cast(array[] as text[]) as tags,
        cast(array[] as text[]) as uses,
        cast(array[] as text[]) as lists,
        cast(0 as int) as word,
        cast(null as int) as list_word,
        cast(8 as bigint) as bit,
        cast(null as bigint) as list_bit,
        cast(null as bigint) as expected_min_members,
        cast(null as bigint) as expected_max_members,
        cast(null as double precision) as expected_max_change

    union all

    select
        'status__gold__reached' as segment,
        'status: gold' as label,
        '' as description,
        'reached' as kind,
        'customer' as entity,
        '' as owner,
        'revenue is at least 1000' as definition,
        '296b803c10c86938' as definition_hash,
        'ladder_grace/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as text) as reason,
        cast(null as text) as was,
        'reached' as through,
        cast(null as text) as split_seed,
        cast(array[] as text[]) as tags,
        cast(array[] as text[]) as uses,
        cast(array[] as text[]) as lists,
        cast(0 as int) as word,
        cast(null as int) as list_word,
        cast(16 as bigint) as bit,
        cast(null as bigint) as list_bit,
        cast(null as bigint) as expected_min_members,
        cast(null as bigint) as expected_max_members,
        cast(null as double precision) as expected_max_change

    union all

    select
        'status__bronze' as segment,
        'status: bronze' as label,
        '' as description,
        'tier' as kind,
        'customer' as entity,
        '' as owner,
        '(revenue is at least 500 or was in segment status__bronze__reached within the last 60 days) and (not ((revenue is at least 750 or was in segment status__silver__reached within the last 60 days) or (revenue is at least 1000 or was in segment status__gold__reached within the last 60 days)))' as definition,
        '912fdf1874b6adda' as definition_hash,
        'ladder_grace/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as text) as reason,
        cast(null as text) as was,
        'tier' as through,
        cast(null as text) as split_seed,
        cast(array[] as text[]) as tags,
        cast(array[] as text[]) as uses,
        cast(array[] as text[]) as lists,
        cast(0 as int) as word,
        cast(null as int) as list_word,
        cast(32 as bigint) as bit,
        cast(null as bigint) as list_bit,
        cast(null as bigint) as expected_min_members,
        cast(null as bigint) as expected_max_members,
        cast(null as double precision) as expected_max_change

    union all

    select
        'status__silver' as segment,
        'status: silver' as label,
        '' as description,
        'tier' as kind,
        'customer' as entity,
        '' as owner,
        '(revenue is at least 750 or was in segment status__silver__reached within the last 60 days) and (not ((revenue is at least 1000 or was in segment status__gold__reached within the last 60 days)))' as definition,
        'c4c2615499177782' as definition_hash,
        'ladder_grace/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as text) as reason,
        cast(null as text) as was,
        'tier' as through,
        cast(null as text) as split_seed,
        cast(array[] as text[]) as tags,
        cast(array[] as text[]) as uses,
        cast(array[] as text[]) as lists,
        cast(0 as int) as word,
        cast(null as int) as list_word,
        cast(64 as bigint) as bit,
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

conditions as (
    select * from {{ ref("int_segment_conditions__customer") }}
),

dim_customer_features as (
    select * from {{ ref("dim_customer_features") }}
),

features as (
    select
        dim_customer_features.customer_id,
        revenue,
        coalesce(conditions_0, 0) as conditions__0
    from dim_customer_features
    left join conditions
        on dim_customer_features.customer_id = conditions.customer_id
),

level_1 as (
    select
        features.*,
        (
            features.revenue >= 1000
            or (features.conditions__0 & 1) <> 0
        ) as in_segment__status__gold,
        features.revenue >= 500 as in_segment__status__bronze__reached,
        features.revenue >= 750 as in_segment__status__silver__reached,
        features.revenue >= 1000 as in_segment__status__gold__reached,
        (
            (
                features.revenue >= 500
                or (features.conditions__0 & 2) <> 0
            )
            and not (
                (
                    features.revenue >= 750
                    or (features.conditions__0 & 4) <> 0
                )
                or (
                    features.revenue >= 1000
                    or (features.conditions__0 & 1) <> 0
                )
            )
        ) as in_segment__status__bronze,
        (
            (
                features.revenue >= 750
                or (features.conditions__0 & 4) <> 0
            )
            and not (
                features.revenue >= 1000
                or (features.conditions__0 & 1) <> 0
            )
        ) as in_segment__status__silver
    from features
),

level_2 as (
    select
        level_1.*,
        level_1.in_segment__status__gold as in_segment__golden
    from level_1
),

int_segment_words__customer as (
    select
        customer_id,
        cast(0 as bigint) + case
            when in_segment__status__gold
                then 1
            else 0
        end
        + case when in_segment__golden then 2 else 0 end + case
            when in_segment__status__bronze__reached
                then 4
            else 0
        end + case
            when in_segment__status__silver__reached
                then 8
            else 0
        end + case
            when in_segment__status__gold__reached
                then 16
            else 0
        end + case
            when in_segment__status__bronze
                then 32
            else 0
        end + case
            when in_segment__status__silver
                then 64
            else 0
        end as word_0
    from level_2
)

select * from int_segment_words__customer
