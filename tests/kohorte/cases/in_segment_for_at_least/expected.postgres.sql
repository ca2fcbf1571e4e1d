-- int_segment_conditions__customer.sql
-- One row per customer who meets any condition on activities or lists, with 60 flags to
-- a number.
{{ config(materialized="table") }}
{% set row_counts = ref("int_customer_row_counts") %}
{% set before = answers_before("218d7a0bb1040997") %}

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
        (local_as_of - interval '30 DAY') at time zone 'Europe/Vienna'
        at time zone 'UTC' as days_30_ago,
        (local_as_of + interval '-2 MONTH') at time zone 'Europe/Vienna'
        at time zone 'UTC' as months_2_ago
    from int_clock
),

{% if before %}
every__fct_orders as (
    select * from {{ ref("fct_orders") }}
),

moments_before as (
    select
        as_of,
        (local_as_of - interval '30 DAY') at time zone 'Europe/Vienna'
        at time zone 'UTC' as days_30_ago,
        (local_as_of + interval '-2 MONTH') at time zone 'Europe/Vienna'
        at time zone 'UTC' as months_2_ago
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

-- in segment web_buyers for at least 30 days
condition_2 as (
    select int_segment_stays_before.customer_id
    from int_segment_stays_before
    cross join moments
    where
        int_segment_stays_before.segment = 'web_buyers'
        and int_segment_stays_before.left_at is null
        and int_segment_stays_before.entered_at <= moments.days_30_ago
),

-- not in segment web_buyers for at least 2 months
condition_3 as (
    select int_segment_stays_before.customer_id
    from int_segment_stays_before
    cross join moments
    where
        int_segment_stays_before.segment = 'web_buyers'
        and int_segment_stays_before.left_at is null
        and int_segment_stays_before.entered_at <= moments.months_2_ago
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
    '218d7a0bb1040997' as evaluated_by,
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
        'in_segment_for_at_least/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as text) as reason,
        cast(null as text) as was,
        'rule' as through,
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
        'faithful' as segment,
        'faithful' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'in segment web_buyers for at least 30 days' as definition,
        '1b9fa278d53c01b1' as definition_hash,
        'in_segment_for_at_least/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as text) as reason,
        cast(null as text) as was,
        'rule' as through,
        cast(null as text) as split_seed,
        cast(array[] as text[]) as tags,
        cast(array['web_buyers'] as text[]) as uses,
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
        'others' as segment,
        'others' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'not in segment web_buyers for at least 2 months' as definition,
        'cf590ae3a1c16cee' as definition_hash,
        'in_segment_for_at_least/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as text) as reason,
        cast(null as text) as was,
        'rule' as through,
        cast(null as text) as split_seed,
        cast(array[] as text[]) as tags,
        cast(array['web_buyers'] as text[]) as uses,
        cast(array[] as text[]) as lists,
        cast(0 as int) as word,
        cast(null as int) as list_word,
        cast(4 as bigint) as bit,
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
        coalesce(conditions_0, 0) as conditions__0
    from dim_customer_features
    left join conditions
        on dim_customer_features.customer_id = conditions.customer_id
),

level_1 as (
    select
        features.*,
        (features.conditions__0 & 1) <> 0 as in_segment__web_buyers
    from features
),

level_2 as (
    select
        level_1.*,
        (
            level_1.in_segment__web_buyers
            and (level_1.conditions__0 & 2) <> 0
        ) as in_segment__faithful,
        not (
            level_1.in_segment__web_buyers
            and (level_1.conditions__0 & 4) <> 0
        ) as in_segment__others
    from level_1
),

int_segment_words__customer as (
    select
        customer_id,
        cast(0 as bigint)
        + case when in_segment__web_buyers then 1 else 0 end
        + case when in_segment__faithful then 2 else 0 end
        + case when in_segment__others then 4 else 0 end as word_0
    from level_2
)

select * from int_segment_words__customer
