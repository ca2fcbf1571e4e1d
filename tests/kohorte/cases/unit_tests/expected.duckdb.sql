-- int_segment_conditions__customer.sql
-- One row per customer who meets any condition on activities or lists, with 60 flags to
-- a number.
{{ config(materialized="table") }}
{% set row_counts = ref("int_customer_row_counts") %}
{% set before = answers_before("617af1e79e3e3735") %}

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
        (local_as_of - interval '30' day) at time zone 'Europe/Vienna'
        at time zone 'UTC' as days_30_ago,
        as_of
    from int_clock
),

{% if before %}
every__fct_orders as (
    select * from {{ ref("fct_orders") }}
),

moments_before as (
    select
        (local_as_of - interval '30' day) at time zone 'Europe/Vienna'
        at time zone 'UTC' as days_30_ago,
        as_of
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
        and (
            fct_orders.ordered_at between least(moments_before.as_of, moments.as_of) and greatest(moments_before.as_of, moments.as_of)
            or fct_orders.ordered_at between least(moments_before.days_30_ago, moments.days_30_ago) and greatest(moments_before.days_30_ago, moments.days_30_ago)
        )
    {{ union_refreshed("customer_id") }}
),

{% endif %}
fct_orders as (
    select * from {{ ref("fct_orders") }}
    {% if before %}
    where customer_id in (select moved.customer_id from moved)
    {% endif %}
),

-- did orders within the last 30 days
condition_1 as (
    select fct_orders.customer_id
    from fct_orders
    cross join moments
    where
        fct_orders.ordered_at >= moments.days_30_ago
        and fct_orders.ordered_at < moments.as_of
    group by
        fct_orders.customer_id
),

conditions_met as (
    select
        customer_id,
        0 as word,
        cast(1 as bigint) as flag
    from condition_1
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
    '617af1e79e3e3735' as evaluated_by,
    int_clock.as_of as evaluated_at
from int_segment_conditions__customer
cross join int_clock

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
        'did orders within the last 30 days' as definition,
        'dfb6e10b12e450b7' as definition_hash,
        'unit_tests/segments.yml' as declared_in,
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
        (features.conditions__0 & 1) <> 0 as in_segment__buyers
    from features
),

int_segment_words__customer as (
    select
        customer_id,
        cast(0 as bigint)
        + case when in_segment__buyers then 1 else 0 end as word_0
    from level_1
)

select * from int_segment_words__customer
