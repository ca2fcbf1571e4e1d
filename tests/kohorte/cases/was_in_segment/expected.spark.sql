-- int_segment_conditions__customer.sql
-- One row per customer who meets any condition on activities or lists, with 60 flags to
-- a number.
{{ config(materialized="table") }}
{% set row_counts = ref("int_customer_row_counts") %}
{% set before = answers_before("fbfeee7ab6284528") %}

with

{% if before %}
answers_before as (
    select * from {{ before }}
),

clock_before as (
    select
        max(evaluated_at) as as_of,
        max({{ local_timestamp("evaluated_at") }}) as local_as_of
    from answers_before
),

row_counts as (
    select * from {{ row_counts }}
),

row_counts_before as (
    select * from {{ segment_state("row_counts") }}
),

{% endif %}
int_clock as (
    select * from {{ ref("int_clock") }}
),

moments as (
    select
        as_of,
        to_utc_timestamp(local_as_of - interval '30' day, 'Europe/Vienna') as days_30_ago,
        to_utc_timestamp(
            cast('2026-02-01 00:00:00' as timestamp),
            'Europe/Vienna'
        ) as date_2026_02_01,
        to_utc_timestamp(
            cast('2026-01-01 00:00:00' as timestamp),
            'Europe/Vienna'
        ) as date_2026_01_01,
        to_utc_timestamp(
            date_trunc('QUARTER', local_as_of),
            'Europe/Vienna'
        ) as start_of_quarter,
        to_utc_timestamp(
            date_trunc('QUARTER', local_as_of) + interval '-3' month,
            'Europe/Vienna'
        ) as start_of_quarter_1_back,
        to_utc_timestamp(
            cast('2026-03-01 00:00:00' as timestamp),
            'Europe/Vienna'
        ) as date_2026_03_01,
        to_utc_timestamp(
            local_as_of + interval '-3' month,
            'Europe/Vienna'
        ) as months_3_ago
    from int_clock
),

{% if before %}
every__fct_orders as (
    select * from {{ ref("fct_orders") }}
),

moments_before as (
    select
        as_of,
        to_utc_timestamp(local_as_of - interval '30' day, 'Europe/Vienna') as days_30_ago,
        to_utc_timestamp(
            cast('2026-02-01 00:00:00' as timestamp),
            'Europe/Vienna'
        ) as date_2026_02_01,
        to_utc_timestamp(
            cast('2026-01-01 00:00:00' as timestamp),
            'Europe/Vienna'
        ) as date_2026_01_01,
        to_utc_timestamp(
            date_trunc('QUARTER', local_as_of),
            'Europe/Vienna'
        ) as start_of_quarter,
        to_utc_timestamp(
            date_trunc('QUARTER', local_as_of) + interval '-3' month,
            'Europe/Vienna'
        ) as start_of_quarter_1_back,
        to_utc_timestamp(
            cast('2026-03-01 00:00:00' as timestamp),
            'Europe/Vienna'
        ) as date_2026_03_01,
        to_utc_timestamp(
            local_as_of + interval '-3' month,
            'Europe/Vienna'
        ) as months_3_ago
    from clock_before
),

moved as (
    select row_counts.customer_id
    from row_counts
    left join row_counts_before
        on row_counts.customer_id = row_counts_before.customer_id
    where
        row_counts_before.customer_id is null
        or row_counts.count_rows <> row_counts_before.count_rows

    union

    select fct_orders.customer_id
    from every__fct_orders as fct_orders
    cross join moments
    cross join moments_before
    where
        fct_orders.customer_id is not null
        and fct_orders.ordered_at between least(moments_before.as_of, moments.as_of) and greatest(moments_before.as_of, moments.as_of)
    {{ union_refreshed("customer_id") }}
),

{% endif %}
fct_orders as (
    select * from {{ ref("fct_orders") }}
    {% if before %}
    where customer_id in (select moved.customer_id from moved)
    {% endif %}
),

int_segment_stays_before as (
    select * from {{ ref("int_segment_stays_before") }}
),

-- did orders where channel is web at any time
condition_1 as (
    select fct_orders.customer_id
    from fct_orders
    cross join moments
    where
        fct_orders.channel = 'web'
        and fct_orders.ordered_at < moments.as_of
    group by
        fct_orders.customer_id
),

-- was in segment web_buyers at any time
condition_2 as (
    select int_segment_stays_before.customer_id
    from int_segment_stays_before
    where
        int_segment_stays_before.segment = 'web_buyers'
),

-- was in segment web_buyers within the last 30 days
condition_3 as (
    select int_segment_stays_before.customer_id
    from int_segment_stays_before
    cross join moments
    where
        int_segment_stays_before.segment = 'web_buyers'
        and (
            int_segment_stays_before.left_at is null
            or int_segment_stays_before.left_at > moments.days_30_ago
        )
),

-- was in segment web_buyers from 2026-01-01 until 2026-02-01
condition_4 as (
    select int_segment_stays_before.customer_id
    from int_segment_stays_before
    cross join moments
    where
        int_segment_stays_before.segment = 'web_buyers'
        and int_segment_stays_before.entered_at < moments.date_2026_02_01
        and (
            int_segment_stays_before.left_at is null
            or int_segment_stays_before.left_at > moments.date_2026_01_01
        )
),

-- was in segment web_buyers from the start of the previous quarter until the start of
-- the current quarter
condition_5 as (
    select int_segment_stays_before.customer_id
    from int_segment_stays_before
    cross join moments
    where
        int_segment_stays_before.segment = 'web_buyers'
        and int_segment_stays_before.entered_at < moments.start_of_quarter
        and (
            int_segment_stays_before.left_at is null
            or int_segment_stays_before.left_at > moments.start_of_quarter_1_back
        )
),

-- was in segment web_buyers before 2026-03-01
condition_6 as (
    select int_segment_stays_before.customer_id
    from int_segment_stays_before
    cross join moments
    where
        int_segment_stays_before.segment = 'web_buyers'
        and int_segment_stays_before.entered_at < moments.date_2026_03_01
),

-- was in segment web_buyers since 2026-03-01
condition_7 as (
    select int_segment_stays_before.customer_id
    from int_segment_stays_before
    cross join moments
    where
        int_segment_stays_before.segment = 'web_buyers'
        and (
            int_segment_stays_before.left_at is null
            or int_segment_stays_before.left_at > moments.date_2026_03_01
        )
),

-- was in segment once_in_a_while within the last 3 months
condition_8 as (
    select int_segment_stays_before.customer_id
    from int_segment_stays_before
    cross join moments
    where
        int_segment_stays_before.segment = 'once_in_a_while'
        and (
            int_segment_stays_before.left_at is null
            or int_segment_stays_before.left_at > moments.months_3_ago
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

    union all

    select
        customer_id,
        0 as word,
        cast(8 as bigint) as flag
    from condition_4

    union all

    select
        customer_id,
        0 as word,
        cast(16 as bigint) as flag
    from condition_5

    union all

    select
        customer_id,
        0 as word,
        cast(32 as bigint) as flag
    from condition_6

    union all

    select
        customer_id,
        0 as word,
        cast(64 as bigint) as flag
    from condition_7

    union all

    select
        customer_id,
        0 as word,
        cast(128 as bigint) as flag
    from condition_8
    {% if before %}

    union all

    select
        customer_id,
        0 as word,
        conditions_0 & 1 as flag
    from answers_before
    where
        not customer_id in (
            select moved.customer_id
            from moved
        )
    {% endif %}
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

select
    int_segment_conditions__customer.*,
    'fbfeee7ab6284528' as evaluated_by,
    int_clock.as_of as evaluated_at
from int_segment_conditions__customer
cross join int_clock

-- int_segment_definitions.sql
-- One row per segment that is declared.
{{ config(materialized="table") }}

with

int_segment_definitions as (
    select
        'web_buyers' as segment,
        'web_buyers' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'did orders where channel is web at any time' as definition,
        '6ce312c20e8cb18b' as definition_hash,
        'was_in_segment/segments.yml' as declared_in,
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

    union all

    select
        'ever' as segment,
        'ever' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'was in segment web_buyers at any time' as definition,
        'c4ff42e30352c257' as definition_hash,
        'was_in_segment/segments.yml' as declared_in,
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
        cast(2 as bigint) as bit,
        cast(null as bigint) as list_bit,
        cast(null as bigint) as expected_min_members,
        cast(null as bigint) as expected_max_members,
        cast(null as double) as expected_max_change

    union all

    select
        'lately' as segment,
        'lately' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'was in segment web_buyers within the last 30 days and not in segment web_buyers' as definition,
        '0cf0f7cfdfb13751' as definition_hash,
        'was_in_segment/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as string) as reason,
        cast(null as string) as was,
        'rule' as through,
        cast(null as string) as split_seed,
        cast(array() as array<string>) as tags,
        cast(array('web_buyers') as array<string>) as uses,
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
        'in_january' as segment,
        'in_january' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'was in segment web_buyers from 2026-01-01 until 2026-02-01' as definition,
        '36bbbb925c490c02' as definition_hash,
        'was_in_segment/segments.yml' as declared_in,
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
        cast(8 as bigint) as bit,
        cast(null as bigint) as list_bit,
        cast(null as bigint) as expected_min_members,
        cast(null as bigint) as expected_max_members,
        cast(null as double) as expected_max_change

    union all

    select
        'last_quarter' as segment,
        'last_quarter' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'was in segment web_buyers from the start of the previous quarter until the start of the current quarter' as definition,
        '943666483f23f228' as definition_hash,
        'was_in_segment/segments.yml' as declared_in,
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
        cast(16 as bigint) as bit,
        cast(null as bigint) as list_bit,
        cast(null as bigint) as expected_min_members,
        cast(null as bigint) as expected_max_members,
        cast(null as double) as expected_max_change

    union all

    select
        'until_spring' as segment,
        'until_spring' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'was in segment web_buyers before 2026-03-01' as definition,
        '220f814f863f53dd' as definition_hash,
        'was_in_segment/segments.yml' as declared_in,
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
        cast(32 as bigint) as bit,
        cast(null as bigint) as list_bit,
        cast(null as bigint) as expected_min_members,
        cast(null as bigint) as expected_max_members,
        cast(null as double) as expected_max_change

    union all

    select
        'since_spring' as segment,
        'since_spring' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'was in segment web_buyers since 2026-03-01' as definition,
        '88c6ab16076331a2' as definition_hash,
        'was_in_segment/segments.yml' as declared_in,
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
        cast(64 as bigint) as bit,
        cast(null as bigint) as list_bit,
        cast(null as bigint) as expected_min_members,
        cast(null as bigint) as expected_max_members,
        cast(null as double) as expected_max_change

    union all

    select
        'once_in_a_while' as segment,
        'once_in_a_while' as label,
        'May not come back within a quarter; it speaks of its own past.' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'age is at least 18 and (not (was in segment once_in_a_while within the last 3 months))' as definition,
        '5f3e4c9fc7a32916' as definition_hash,
        'was_in_segment/segments.yml' as declared_in,
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
        cast(128 as bigint) as bit,
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
        (features.conditions__0 & 1) <> 0 as in_segment__web_buyers,
        (features.conditions__0 & 2) <> 0 as in_segment__ever,
        (features.conditions__0 & 8) <> 0 as in_segment__in_january,
        (features.conditions__0 & 16) <> 0 as in_segment__last_quarter,
        (features.conditions__0 & 32) <> 0 as in_segment__until_spring,
        (features.conditions__0 & 64) <> 0 as in_segment__since_spring,
        coalesce(
            features.age >= 18
            and not (features.conditions__0 & 128) <> 0,
            false
        ) as in_segment__once_in_a_while
    from features
),

level_2 as (
    select
        level_1.*,
        (
            (level_1.conditions__0 & 4) <> 0
            and not level_1.in_segment__web_buyers
        ) as in_segment__lately
    from level_1
),

int_segment_words__customer as (
    select
        customer_id,
        cast(0 as bigint)
        + case when in_segment__web_buyers then 1 else 0 end
        + case when in_segment__ever then 2 else 0 end
        + case when in_segment__lately then 4 else 0 end
        + case when in_segment__in_january then 8 else 0 end + case
            when in_segment__last_quarter
                then 16
            else 0
        end + case
            when in_segment__until_spring
                then 32
            else 0
        end + case
            when in_segment__since_spring
                then 64
            else 0
        end + case
            when in_segment__once_in_a_while
                then 128
            else 0
        end as word_0
    from level_2
)

select * from int_segment_words__customer
