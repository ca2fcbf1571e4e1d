-- int_segment_conditions__customer.sql
-- One row per customer who meets any condition on activities or lists, with 60 flags to
-- a number.
{{ config(materialized="table") }}

with

int_segment_stays_before as (
    select * from {{ ref("int_segment_stays_before") }}
),

-- still in segment first_thousand
condition_1 as (
    select int_segment_stays_before.customer_id
    from int_segment_stays_before
    where
        int_segment_stays_before.segment = 'first_thousand'
        and int_segment_stays_before.left_at is null
),

conditions_met as (
    select
        customer_id,
        0 as word,
        cast(1 as bigint) as flag
    from condition_1
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
        'first_thousand' as segment,
        'first_thousand' as label,
        '' as description,
        'snapshot' as kind,
        'customer' as entity,
        '' as owner,
        'revenue is more than 0; at most the top 1000 by revenue, as it was at the first run' as definition,
        '67eebe57a132b4c6' as definition_hash,
        'kind_snapshot/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as string) as reason,
        cast(null as string) as was,
        'rule' as through,
        'spring' as split_seed,
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

conditions as (
    select * from {{ ref("int_segment_conditions__customer") }}
),

dim_customer_features as (
    select * from {{ ref("dim_customer_features") }}
),

int_segment_snapshots_before as (
    select * from {{ ref("int_segment_snapshots_before") }}
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
        features.revenue > 0 as unlimited__first_thousand
    from features
),

level_2 as (
    select
        level_1.*,
        coalesce(
            case
                when exists(
                    select 1
                    from int_segment_snapshots_before
                    where
                        int_segment_snapshots_before.segment = 'first_thousand'
                )
                then (level_1.conditions__0 & 1) <> 0
                else level_1.unlimited__first_thousand
                and level_1.revenue is not null
                and row_number() over (
                    partition by level_1.unlimited__first_thousand
                    order by level_1.revenue desc, level_1.customer_id asc nulls last
                ) <= 1000
            end,
            false
        ) as in_segment__first_thousand
    from level_1
),

int_segment_words__customer as (
    select
        customer_id,
        cast(0 as bigint) + case
            when in_segment__first_thousand
                then 1
            else 0
        end as word_0
    from level_2
)

select * from int_segment_words__customer
