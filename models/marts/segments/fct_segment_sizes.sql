-- One row per segment and run: how many were in, came and went, and can be reached.
{{
    config(
        materialized="incremental",
        incremental_strategy="delete+insert",
        unique_key="as_of",
        on_schema_change="fail",
        full_refresh=false,
        pre_hook="{{ rename_segments() }}",
        post_hook="{{ drop_old_sizes() }}",
    )
}}
{# Named here, because dbt looks for dependencies outside of conditions only. #}
{% set definitions = ref("int_segment_definitions") %}
{% set runs = segment_state("runs") %}
{% set begins = segment_history_begins() %}

with

dim_segments as (
    select * from {{ ref("dim_segments") }}
),

fct_segment_stays as (
    select * from {{ ref("fct_segment_stays") }}
    where through <> 'reached'
),

dim_customers as (
    select * from {{ ref("dim_customers") }}
),

int_clock as (
    select * from {{ ref("int_clock") }}
),

-- This run, and those that ended before they could count.
runs_to_count as (
    select as_of from int_clock
    {% if is_incremental() and runs %}
        union
        select as_of from {{ runs }}
        where
            as_of not in (select sizes.as_of from {{ this }} as sizes)
            {% if begins %}and as_of >= {{ begins }}{% endif %}
    {% endif %}
),

stays_per_run as (
    select
        fct_segment_stays.segment,
        fct_segment_stays.customer_id,
        runs_to_count.as_of,
        fct_segment_stays.entered_at = runs_to_count.as_of as has_entered,
        coalesce(fct_segment_stays.left_at = runs_to_count.as_of, false) as has_left
    from fct_segment_stays
    inner join runs_to_count
        on
            fct_segment_stays.entered_at <= runs_to_count.as_of
            and (
                fct_segment_stays.left_at is null
                or fct_segment_stays.left_at >= runs_to_count.as_of
            )
),

counted as (
    select
        stays_per_run.segment,
        stays_per_run.as_of,
        count(case when not stays_per_run.has_left then 1 end) as members,
        count(case when stays_per_run.has_entered then 1 end) as count_entered,
        count(case when stays_per_run.has_left then 1 end) as count_left,
        count(
            case
                when
                    dim_customers.is_email_reachable
                    and not stays_per_run.has_left
                    then 1
            end
        ) as count_email_reachable,
        count(
            case
                when
                    dim_customers.is_sms_reachable
                    and not stays_per_run.has_left
                    then 1
            end
        ) as count_sms_reachable,
        count(
            case
                when
                    dim_customers.is_push_reachable
                    and not stays_per_run.has_left
                    then 1
            end
        ) as count_push_reachable,
        count(
            case
                when
                    dim_customers.is_post_reachable
                    and not stays_per_run.has_left
                    then 1
            end
        ) as count_post_reachable
    from stays_per_run
    left join dim_customers
        on stays_per_run.customer_id = dim_customers.customer_id
    group by stays_per_run.segment, stays_per_run.as_of
),

customer_totals as (
    select count(*) as customers from dim_customers
),

-- Also a segment without members has a size.
segments_per_run as (
    select
        dim_segments.segment,
        runs_to_count.as_of
    from dim_segments
    cross join runs_to_count
    where dim_segments.entity = 'customer' and dim_segments.state = 'fresh'
    union
    select
        segment,
        as_of
    from counted
),

fct_segment_sizes as (
    select
        segments_per_run.segment,
        coalesce(counted.members, 0) as members,
        coalesce(counted.count_entered, 0) as count_entered,
        coalesce(counted.count_left, 0) as count_left,
        coalesce(counted.count_email_reachable, 0) as count_email_reachable,
        coalesce(counted.count_sms_reachable, 0) as count_sms_reachable,
        coalesce(counted.count_push_reachable, 0) as count_push_reachable,
        coalesce(counted.count_post_reachable, 0) as count_post_reachable,
        coalesce(
            cast(counted.members as double) / nullif(customer_totals.customers, 0), 0
        ) as share_of_customers,
        segments_per_run.as_of
    from segments_per_run
    left join counted
        on
            segments_per_run.segment = counted.segment
            and segments_per_run.as_of = counted.as_of
    cross join customer_totals
)

select * from fct_segment_sizes
{% if flags.EMPTY %}where false{% endif %}
