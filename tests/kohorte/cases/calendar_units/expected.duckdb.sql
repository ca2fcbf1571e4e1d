-- int_segment_conditions__customer.sql
-- One row per customer who meets any condition on activities or lists, with 60 flags to
-- a number.
{{ config(materialized="table") }}
{% set row_counts = ref("int_customer_row_counts") %}
{% set before = answers_before("ec77dab014803760") %}

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
        (date_trunc('MONTH', local_as_of)) at time zone 'Europe/Vienna'
        at time zone 'UTC' as start_of_month,
        as_of,
        (date_trunc('QUARTER', local_as_of) + interval '-3' month) at time zone 'Europe/Vienna'
        at time zone 'UTC' as start_of_quarter_1_back,
        (date_trunc('QUARTER', local_as_of)) at time zone 'Europe/Vienna'
        at time zone 'UTC' as start_of_quarter
    from int_clock
),

{% if before %}
every__fct_orders as (
    select * from {{ ref("fct_orders") }}
),

moments_before as (
    select
        (date_trunc('MONTH', local_as_of)) at time zone 'Europe/Vienna'
        at time zone 'UTC' as start_of_month,
        as_of,
        (date_trunc('QUARTER', local_as_of) + interval '-3' month) at time zone 'Europe/Vienna'
        at time zone 'UTC' as start_of_quarter_1_back,
        (date_trunc('QUARTER', local_as_of)) at time zone 'Europe/Vienna'
        at time zone 'UTC' as start_of_quarter
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
            or fct_orders.ordered_at between least(
                moments_before.start_of_month,
                moments.start_of_month
            ) and greatest(
                moments_before.start_of_month,
                moments.start_of_month
            )
            or fct_orders.ordered_at between least(
                moments_before.start_of_quarter,
                moments.start_of_quarter
            ) and greatest(
                moments_before.start_of_quarter,
                moments.start_of_quarter
            )
            or fct_orders.ordered_at between least(
                moments_before.start_of_quarter_1_back,
                moments.start_of_quarter_1_back
            ) and greatest(
                moments_before.start_of_quarter_1_back,
                moments.start_of_quarter_1_back
            )
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

-- condition_1: did orders since the start of the current month
-- condition_2: did orders from the start of the previous quarter until the start of the
-- current quarter
conditions_1_to_2_rows as (
    select
        fct_orders.customer_id,
        (
            fct_orders.ordered_at >= moments.start_of_month
            and fct_orders.ordered_at < moments.as_of
        ) as is__1,
        (
            fct_orders.ordered_at >= moments.start_of_quarter_1_back
            and fct_orders.ordered_at < moments.start_of_quarter
        ) as is__2
    from fct_orders
    cross join moments
    where
        fct_orders.ordered_at >= least(
            moments.start_of_month,
            moments.start_of_quarter_1_back
        )
),

conditions_1_to_2_flags as (
    select
        *,
        cast(0 as bigint)
        + case when is__1 then 1 else 0 end
        + case when is__2 then 2 else 0 end as flags_0
    from conditions_1_to_2_rows
),

conditions_1_to_2 as (
    select
        customer_id,
        bit_or(flags_0) as found_0
    from conditions_1_to_2_flags
    group by
        customer_id
),

conditions_met as (
    select
        customer_id,
        0 as word,
        found_0 + cast(0 as bigint) as flag
    from conditions_1_to_2
    {% if before %}

    union all

    select
        customer_id,
        0 as word,
        conditions_0 & 3 as flag
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
    'ec77dab014803760' as evaluated_by,
    int_clock.as_of as evaluated_at
from int_segment_conditions__customer
cross join int_clock

-- int_segment_definitions.sql
-- One row per segment that is declared.
{{ config(materialized="table") }}

with

int_segment_definitions as (
    select
        'current' as segment,
        'current' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'last_order_at is since the start of the current week or last_order_at is since the start of the current quarter or birth_date is since the start of the current year or did orders since the start of the current month' as definition,
        'c5a2ac6640aeb512' as definition_hash,
        'calendar_units/segments.yml' as declared_in,
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
        'last' as segment,
        'last' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'last_order_at is from the start of the previous week until the start of the current week or last_order_at is from the start of the previous month until the start of the current month or birth_date is from the start of the previous year until the start of the current year or did orders from the start of the previous quarter until the start of the current quarter' as definition,
        '5d0f2be4c21a3231' as definition_hash,
        'calendar_units/segments.yml' as declared_in,
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
        cast(2 as bigint) as bit,
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

int_clock as (
    select * from {{ ref("int_clock") }}
),

moments as (
    select
        (date_trunc('WEEK', local_as_of)) at time zone 'Europe/Vienna'
        at time zone 'UTC' as start_of_week,
        as_of,
        (date_trunc('QUARTER', local_as_of)) at time zone 'Europe/Vienna'
        at time zone 'UTC' as start_of_quarter,
        date_trunc('YEAR', local_as_of) as local_start_of_year,
        local_as_of,
        (date_trunc('WEEK', local_as_of) - interval '7' day) at time zone 'Europe/Vienna'
        at time zone 'UTC' as start_of_week_1_back,
        (date_trunc('MONTH', local_as_of) + interval '-1' month) at time zone 'Europe/Vienna'
        at time zone 'UTC' as start_of_month_1_back,
        (date_trunc('MONTH', local_as_of)) at time zone 'Europe/Vienna'
        at time zone 'UTC' as start_of_month,
        date_trunc('YEAR', local_as_of) + interval '-1' year as local_start_of_year_1_back
    from int_clock
),

features as (
    select
        dim_customer_features.customer_id,
        last_order_at,
        birth_date,
        coalesce(conditions_0, 0) as conditions__0
    from dim_customer_features
    left join conditions
        on dim_customer_features.customer_id = conditions.customer_id
),

level_1 as (
    select
        features.*,
        coalesce(
            (
                features.last_order_at >= moments.start_of_week
                and features.last_order_at < moments.as_of
            )
            or (
                features.last_order_at >= moments.start_of_quarter
                and features.last_order_at < moments.as_of
            )
            or (
                cast(features.birth_date as timestamp) >= moments.local_start_of_year
                and cast(features.birth_date as timestamp) < moments.local_as_of
            )
            or (features.conditions__0 & 1) <> 0,
            false
        ) as in_segment__current,
        coalesce(
            (
                features.last_order_at >= moments.start_of_week_1_back
                and features.last_order_at < moments.start_of_week
            )
            or (
                features.last_order_at >= moments.start_of_month_1_back
                and features.last_order_at < moments.start_of_month
            )
            or (
                cast(features.birth_date as timestamp) >= moments.local_start_of_year_1_back
                and cast(features.birth_date as timestamp) < moments.local_start_of_year
            )
            or (features.conditions__0 & 2) <> 0,
            false
        ) as in_segment__last
    from features
    cross join moments
),

int_segment_words__customer as (
    select
        customer_id,
        cast(0 as bigint)
        + case when in_segment__current then 1 else 0 end
        + case when in_segment__last then 2 else 0 end as word_0
    from level_1
)

select * from int_segment_words__customer
