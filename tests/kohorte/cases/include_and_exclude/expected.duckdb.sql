-- int_segment_conditions__customer.sql
-- One row per customer who meets any condition on activities or lists, with 60 flags to
-- a number.
{{ config(materialized="table") }}

with

fct_orders as (
    select * from {{ ref("fct_orders") }}
),

int_clock as (
    select * from {{ ref("int_clock") }}
),

int_list_members as (
    select * from {{ ref("int_list_members") }}
),

moments as (
    select as_of
    from int_clock
),

-- did orders at any time
condition_1 as (
    select fct_orders.customer_id
    from fct_orders
    cross join moments
    where
        fct_orders.ordered_at < moments.as_of
    group by
        fct_orders.customer_id
),

-- on list friends
condition_2 as (
    select int_list_members.customer_id
    from int_list_members
    where
        int_list_members.list_name = 'friends'
),

-- on list left_alone
condition_3 as (
    select int_list_members.customer_id
    from int_list_members
    where
        int_list_members.list_name = 'left_alone'
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
        'buyers' as segment,
        'buyers' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'did orders at any time' as definition,
        '50dad13bd825623a' as definition_hash,
        'include_and_exclude/segments.yml' as declared_in,
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
        'invited' as segment,
        'invited' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        '(age is at least 18 or on list friends) and (not (on list left_alone or in segment buyers))' as definition,
        '9c2c34fd6009bd9d' as definition_hash,
        'include_and_exclude/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as text) as reason,
        cast(null as text) as was,
        cast(null as text) as through,
        cast(null as text) as split_seed,
        cast([] as text[]) as tags,
        cast(['buyers'] as text[]) as uses,
        cast(['friends', 'left_alone'] as text[]) as lists,
        cast(0 as int) as word,
        cast(0 as int) as list_word,
        cast(2 as bigint) as bit,
        cast(4 as bigint) as list_bit,
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

conditions as (
    select * from {{ ref("int_segment_conditions__customer") }}
),

dim_customer_features as (
    select * from {{ ref("dim_customer_features") }}
),

features as (
    select
        dim_customer_features.customer_id,
        age,
        coalesce(conditions_0, 0) as conditions__0
    from dim_customer_features
    left join conditions
        on dim_customer_features.customer_id = conditions.customer_id
),

level_1 as (
    select
        features.*,
        (features.conditions__0 & 1) <> 0 as in_segment__buyers
    from features
),

level_2 as (
    select
        level_1.*,
        coalesce(
            (
                level_1.age >= 18
                or (level_1.conditions__0 & 2) <> 0
            )
            and not (
                (level_1.conditions__0 & 4) <> 0
                or level_1.in_segment__buyers
            ),
            false
        ) as in_segment__invited,
        not (coalesce(level_1.age >= 18, false)) as by_list__invited
    from level_1
),

int_segment_words__customer as (
    select
        customer_id,
        cast(0 as bigint)
        + case when in_segment__buyers then 1 else 0 end
        + case when in_segment__invited then 2 else 0 end
        + case when by_list__invited then 4 else 0 end as word_0
    from level_2
)

select * from int_segment_words__customer
