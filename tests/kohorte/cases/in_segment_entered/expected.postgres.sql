-- int_segment_conditions__customer.sql
-- One row per customer who meets any condition on activities or lists, with 60 flags to
-- a number.
{{ config(materialized="table") }}
{% set row_counts = ref("int_customer_row_counts") %}
{% set before = answers_before("1769748b3bea9dcf") %}

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
        (local_as_of - interval '7 DAY') at time zone 'Europe/Vienna'
        at time zone 'UTC' as days_7_ago,
        (cast('2026-01-01 00:00:00' as timestamp)) at time zone 'Europe/Vienna'
        at time zone 'UTC' as date_2026_01_01,
        (cast('2026-02-01 00:00:00' as timestamp)) at time zone 'Europe/Vienna'
        at time zone 'UTC' as date_2026_02_01,
        (local_as_of - interval '90 DAY') at time zone 'Europe/Vienna'
        at time zone 'UTC' as days_90_ago,
        (date_trunc('MONTH', local_as_of)) at time zone 'Europe/Vienna'
        at time zone 'UTC' as start_of_month,
        (cast('2026-07-01 00:00:00' as timestamp)) at time zone 'Europe/Vienna'
        at time zone 'UTC' as date_2026_07_01
    from int_clock
),

{% if before %}
every__fct_orders as (
    select * from {{ ref("fct_orders") }}
),

moments_before as (
    select
        as_of,
        (local_as_of - interval '7 DAY') at time zone 'Europe/Vienna'
        at time zone 'UTC' as days_7_ago,
        (cast('2026-01-01 00:00:00' as timestamp)) at time zone 'Europe/Vienna'
        at time zone 'UTC' as date_2026_01_01,
        (cast('2026-02-01 00:00:00' as timestamp)) at time zone 'Europe/Vienna'
        at time zone 'UTC' as date_2026_02_01,
        (local_as_of - interval '90 DAY') at time zone 'Europe/Vienna'
        at time zone 'UTC' as days_90_ago,
        (date_trunc('MONTH', local_as_of)) at time zone 'Europe/Vienna'
        at time zone 'UTC' as start_of_month,
        (cast('2026-07-01 00:00:00' as timestamp)) at time zone 'Europe/Vienna'
        at time zone 'UTC' as date_2026_07_01
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

-- not the case: in segment web_buyers entered within the last 7 days
condition_2 as (
    select int_segment_stays_before.customer_id
    from int_segment_stays_before
    cross join moments
    where
        int_segment_stays_before.segment = 'web_buyers'
        and int_segment_stays_before.left_at is null
        and int_segment_stays_before.entered_at < moments.days_7_ago
),

-- in segment web_buyers entered from 2026-01-01 until 2026-02-01
condition_3 as (
    select int_segment_stays_before.customer_id
    from int_segment_stays_before
    cross join moments
    where
        int_segment_stays_before.segment = 'web_buyers'
        and int_segment_stays_before.left_at is null
        and int_segment_stays_before.entered_at >= moments.date_2026_01_01
        and int_segment_stays_before.entered_at < moments.date_2026_02_01
),

-- in segment web_buyers
condition_4 as (
    select int_segment_stays_before.customer_id
    from int_segment_stays_before
    where
        int_segment_stays_before.segment = 'web_buyers'
        and int_segment_stays_before.left_at is null
),

-- in segment web_buyers entered before 90 days ago
condition_5 as (
    select int_segment_stays_before.customer_id
    from int_segment_stays_before
    cross join moments
    where
        int_segment_stays_before.segment = 'web_buyers'
        and int_segment_stays_before.left_at is null
        and int_segment_stays_before.entered_at < moments.days_90_ago
),

-- not the case: not in segment web_buyers entered since the start of the current month
condition_6 as (
    select int_segment_stays_before.customer_id
    from int_segment_stays_before
    cross join moments
    where
        int_segment_stays_before.segment = 'web_buyers'
        and int_segment_stays_before.left_at is null
        and int_segment_stays_before.entered_at < moments.start_of_month
),

-- in segment web_buyers entered before 2026-07-01
condition_7 as (
    select int_segment_stays_before.customer_id
    from int_segment_stays_before
    cross join moments
    where
        int_segment_stays_before.segment = 'web_buyers'
        and int_segment_stays_before.left_at is null
        and int_segment_stays_before.entered_at < moments.date_2026_07_01
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
    '1769748b3bea9dcf' as evaluated_by,
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
        'in_segment_entered/segments.yml' as declared_in,
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
        'newcomers' as segment,
        'newcomers' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'in segment web_buyers entered within the last 7 days' as definition,
        'bd01f92906379c1d' as definition_hash,
        'in_segment_entered/segments.yml' as declared_in,
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
        'of_january' as segment,
        'of_january' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'in segment web_buyers entered from 2026-01-01 until 2026-02-01' as definition,
        'fc30fde3fa97f076' as definition_hash,
        'in_segment_entered/segments.yml' as declared_in,
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

    union all

    select
        'long_here' as segment,
        'long_here' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'in segment web_buyers entered before 90 days ago' as definition,
        '209b649ee0b73b2f' as definition_hash,
        'in_segment_entered/segments.yml' as declared_in,
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
        cast(8 as bigint) as bit,
        cast(null as bigint) as list_bit,
        cast(null as bigint) as expected_min_members,
        cast(null as bigint) as expected_max_members,
        cast(null as double precision) as expected_max_change

    union all

    select
        'not_new' as segment,
        'not_new' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'not in segment web_buyers entered since the start of the current month' as definition,
        'af1176f5fc5c1fb3' as definition_hash,
        'in_segment_entered/segments.yml' as declared_in,
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
        cast(16 as bigint) as bit,
        cast(null as bigint) as list_bit,
        cast(null as bigint) as expected_min_members,
        cast(null as bigint) as expected_max_members,
        cast(null as double precision) as expected_max_change

    union all

    select
        'before_a_date' as segment,
        'before_a_date' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'in segment web_buyers entered before 2026-07-01' as definition,
        '6b8a7d4c39ee5c12' as definition_hash,
        'in_segment_entered/segments.yml' as declared_in,
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
        cast(32 as bigint) as bit,
        cast(null as bigint) as list_bit,
        cast(null as bigint) as expected_min_members,
        cast(null as bigint) as expected_max_members,
        cast(null as double precision) as expected_max_change

    union all

    select
        'since_a_date' as segment,
        'since_a_date' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'in segment web_buyers entered since 2026-07-01' as definition,
        'ae23bf1d3aa40047' as definition_hash,
        'in_segment_entered/segments.yml' as declared_in,
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

int_clock as (
    select * from {{ ref("int_clock") }}
),

moments as (
    select
        as_of,
        (cast('2026-01-01 00:00:00' as timestamp)) at time zone 'Europe/Vienna'
        at time zone 'UTC' as date_2026_01_01,
        (cast('2026-02-01 00:00:00' as timestamp)) at time zone 'Europe/Vienna'
        at time zone 'UTC' as date_2026_02_01,
        (cast('2026-07-01 00:00:00' as timestamp)) at time zone 'Europe/Vienna'
        at time zone 'UTC' as date_2026_07_01
    from int_clock
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
            and not (level_1.conditions__0 & 2) <> 0
        ) as in_segment__newcomers,
        (
            level_1.in_segment__web_buyers
            and (
                (level_1.conditions__0 & 4) <> 0
                or (
                    not (level_1.conditions__0 & 8) <> 0
                    and (
                        moments.as_of >= moments.date_2026_01_01
                        and moments.as_of < moments.date_2026_02_01
                    )
                )
            )
        ) as in_segment__of_january,
        (
            level_1.in_segment__web_buyers
            and (level_1.conditions__0 & 16) <> 0
        ) as in_segment__long_here,
        not (
            level_1.in_segment__web_buyers
            and not (level_1.conditions__0 & 32) <> 0
        ) as in_segment__not_new,
        (
            level_1.in_segment__web_buyers
            and (
                (level_1.conditions__0 & 64) <> 0
                or (
                    not (level_1.conditions__0 & 8) <> 0
                    and moments.as_of < moments.date_2026_07_01
                )
            )
        ) as in_segment__before_a_date,
        (
            level_1.in_segment__web_buyers
            and (
                not (level_1.conditions__0 & 64) <> 0
                and moments.as_of >= moments.date_2026_07_01
            )
        ) as in_segment__since_a_date
    from level_1
    cross join moments
),

int_segment_words__customer as (
    select
        customer_id,
        cast(0 as bigint)
        + case when in_segment__web_buyers then 1 else 0 end
        + case when in_segment__newcomers then 2 else 0 end
        + case when in_segment__of_january then 4 else 0 end
        + case when in_segment__long_here then 8 else 0 end
        + case when in_segment__not_new then 16 else 0 end + case
            when in_segment__before_a_date
                then 32
            else 0
        end + case
            when in_segment__since_a_date
                then 64
            else 0
        end as word_0
    from level_2
)

select * from int_segment_words__customer
