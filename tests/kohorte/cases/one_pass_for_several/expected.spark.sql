-- int_segment_conditions__customer.sql
-- One row per customer who meets any condition on activities or lists, with 60 flags to
-- a number.
{{ config(materialized="table") }}
{% set row_counts = ref("int_customer_row_counts") %}
{% set before = answers_before("145bbddb0c4fdde8") %}

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
        to_utc_timestamp(local_as_of - interval '30' day, 'Europe/Vienna') as days_30_ago,
        as_of,
        to_utc_timestamp(local_as_of - interval '7' day, 'Europe/Vienna') as days_7_ago,
        to_utc_timestamp(local_as_of - interval '90' day, 'Europe/Vienna') as days_90_ago
    from int_clock
),

{% if before %}
every__fct_events as (
    select * from {{ ref("fct_events") }}
),

every__fct_orders as (
    select * from {{ ref("fct_orders") }}
),

moments_before as (
    select
        to_utc_timestamp(local_as_of - interval '30' day, 'Europe/Vienna') as days_30_ago,
        as_of,
        to_utc_timestamp(local_as_of - interval '7' day, 'Europe/Vienna') as days_7_ago,
        to_utc_timestamp(local_as_of - interval '90' day, 'Europe/Vienna') as days_90_ago
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

    select fct_events.customer_id
    from every__fct_events as fct_events
    cross join moments
    cross join moments_before
    where
        fct_events.customer_id is not null
        and (
            fct_events.occurred_at between least(moments_before.as_of, moments.as_of) and greatest(moments_before.as_of, moments.as_of)
            or fct_events.occurred_at between least(moments_before.days_30_ago, moments.days_30_ago) and greatest(moments_before.days_30_ago, moments.days_30_ago)
            or fct_events.occurred_at between least(moments_before.days_7_ago, moments.days_7_ago) and greatest(moments_before.days_7_ago, moments.days_7_ago)
            or fct_events.occurred_at between least(moments_before.days_90_ago, moments.days_90_ago) and greatest(moments_before.days_90_ago, moments.days_90_ago)
        )

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
fct_events as (
    select * from {{ ref("fct_events") }}
    {% if before %}
    where customer_id in (select moved.customer_id from moved)
    {% endif %}
),

fct_orders as (
    select * from {{ ref("fct_orders") }}
    {% if before %}
    where customer_id in (select moved.customer_id from moved)
    {% endif %}
),

-- condition_1: did events.viewed within the last 30 days, the number of times is at
-- least 3
-- condition_2: did events.viewed where category is shoes within the last 7 days
-- condition_3: did events.viewed within the last 90 days
-- condition_4: not the case: did events.viewed within the last 90 days, the number of
-- times is less than 3
-- condition_5: did events.viewed at any time, the number of different product_id is at
-- least 2
conditions_1_to_5_rows as (
    select
        fct_events.customer_id,
        fct_events.product_id,
        fct_events.occurred_at >= moments.days_30_ago as is__1,
        (
            fct_events.category = 'shoes'
            and fct_events.occurred_at >= moments.days_7_ago
        ) as is__2,
        fct_events.occurred_at >= moments.days_90_ago as is__3
    from fct_events
    cross join moments
    where
        fct_events.event_name = 'viewed'
        and fct_events.occurred_at < moments.as_of
),

conditions_1_to_5_flags as (
    select
        *,
        cast(0 as bigint)
        + case when is__2 then 2 else 0 end
        + case when is__3 then 4 else 0 end as flags_0
    from conditions_1_to_5_rows
),

conditions_1_to_5 as (
    select
        customer_id,
        count(case when is__1 then 1 end) >= 3 as condition_1,
        count(case when is__3 then 1 end) > 0
        and not coalesce(count(case when is__3 then 1 end) < 3, false) as condition_4,
        count(distinct product_id) >= 2 as condition_5,
        bit_or(flags_0) as found_0
    from conditions_1_to_5_flags
    group by
        customer_id
),

-- did orders at any time, the largest amount is at least 100
condition_6 as (
    select fct_orders.customer_id
    from fct_orders
    cross join moments
    where
        fct_orders.ordered_at < moments.as_of
    group by
        fct_orders.customer_id
    having
        max(fct_orders.amount) >= 100
),

-- did orders where channel is web at any time, the sum of amount is at least 100
condition_7 as (
    select fct_orders.customer_id
    from fct_orders
    cross join moments
    where
        fct_orders.channel = 'web'
        and fct_orders.ordered_at < moments.as_of
    group by
        fct_orders.customer_id
    having
        coalesce(sum(fct_orders.amount), 0) >= 100
),

conditions_met as (
    select
        customer_id,
        0 as word,
        found_0 + cast(0 as bigint)
        + case when condition_1 then 1 else 0 end
        + case when condition_4 then 8 else 0 end
        + case when condition_5 then 16 else 0 end as flag
    from conditions_1_to_5

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
    {% if before %}

    union all

    select
        customer_id,
        0 as word,
        conditions_0 & 127 as flag
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
    '145bbddb0c4fdde8' as evaluated_by,
    int_clock.as_of as evaluated_at
from int_segment_conditions__customer
cross join int_clock

-- int_segment_definitions.sql
-- One row per segment that is declared.
{{ config(materialized="table") }}

with

int_segment_definitions as (
    select
        'viewed_lately' as segment,
        'viewed_lately' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'did events.viewed within the last 30 days, the number of times is at least 3' as definition,
        'cce4e69e88f45c3c' as definition_hash,
        'one_pass_for_several/segments.yml' as declared_in,
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
        'viewed_shoes' as segment,
        'viewed_shoes' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'did events.viewed where category is shoes within the last 7 days' as definition,
        '56b3a8e1290291b2' as definition_hash,
        'one_pass_for_several/segments.yml' as declared_in,
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
        'lost_interest' as segment,
        'lost_interest' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'did not events.viewed within the last 90 days' as definition,
        '237e7b9851e70300' as definition_hash,
        'one_pass_for_several/segments.yml' as declared_in,
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
        cast(4 as bigint) as bit,
        cast(null as bigint) as list_bit,
        cast(null as bigint) as expected_min_members,
        cast(null as bigint) as expected_max_members,
        cast(null as double) as expected_max_change

    union all

    select
        'viewed_little' as segment,
        'viewed_little' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'did events.viewed within the last 90 days, the number of times is less than 3' as definition,
        '403c3811d3072d33' as definition_hash,
        'one_pass_for_several/segments.yml' as declared_in,
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
        'viewed_many_products' as segment,
        'viewed_many_products' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'did events.viewed at any time, the number of different product_id is at least 2' as definition,
        '9245eda4e999a9a6' as definition_hash,
        'one_pass_for_several/segments.yml' as declared_in,
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
        'big_orders' as segment,
        'big_orders' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'did orders at any time, the largest amount is at least 100' as definition,
        '5053d93620211ebd' as definition_hash,
        'one_pass_for_several/segments.yml' as declared_in,
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
        'big_web_orders' as segment,
        'big_web_orders' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'did orders where channel is web at any time, the sum of amount is at least 100' as definition,
        'be282843650cab72' as definition_hash,
        'one_pass_for_several/segments.yml' as declared_in,
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
        coalesce(conditions_0, 0) as conditions__0
    from dim_customer_features
    left join conditions
        on dim_customer_features.customer_id = conditions.customer_id
),

level_1 as (
    select
        features.*,
        (features.conditions__0 & 1) <> 0 as in_segment__viewed_lately,
        (features.conditions__0 & 2) <> 0 as in_segment__viewed_shoes,
        not (features.conditions__0 & 4) <> 0 as in_segment__lost_interest,
        not (features.conditions__0 & 8) <> 0 as in_segment__viewed_little,
        (features.conditions__0 & 16) <> 0 as in_segment__viewed_many_products,
        (features.conditions__0 & 32) <> 0 as in_segment__big_orders,
        (features.conditions__0 & 64) <> 0 as in_segment__big_web_orders
    from features
),

int_segment_words__customer as (
    select
        customer_id,
        cast(0 as bigint) + case
            when in_segment__viewed_lately
                then 1
            else 0
        end + case
            when in_segment__viewed_shoes
                then 2
            else 0
        end + case
            when in_segment__lost_interest
                then 4
            else 0
        end + case
            when in_segment__viewed_little
                then 8
            else 0
        end + case
            when in_segment__viewed_many_products
                then 16
            else 0
        end + case
            when in_segment__big_orders
                then 32
            else 0
        end + case
            when in_segment__big_web_orders
                then 64
            else 0
        end as word_0
    from level_1
)

select * from int_segment_words__customer
