-- One row per segment, customer and stay, as the runs before as_of left them.
{{ config(materialized="view") }}
{% set stays = existing("fct_segment_stays") %}
{% set merges = ref("int_identity_merges") %}

with int_clock as (
    select * from {{ ref("int_clock") }}
),

int_segment_definitions as (
    select * from {{ ref("int_segment_definitions") }}
),

int_segment_stays_before as (
    {% if stays %}
        select
            coalesce(renamed.segment, stays.segment) as segment,
            coalesce(merges.customer_id, stays.customer_id) as customer_id,
            stays.entered_at,
            case when stays.left_at < int_clock.as_of then stays.left_at end as left_at
        from {{ stays }} as stays
        cross join int_clock
        left join int_segment_definitions as renamed
            on
                stays.segment = renamed.was
                and renamed.segment not in (select own.segment from {{ stays }} as own)
        left join {{ merges }} as merges
            on stays.customer_id = merges.merged_customer_id
        where stays.entered_at < int_clock.as_of
    {% else %}
        select
            int_segment_definitions.segment,
            cast(null as varchar) as customer_id,
            int_clock.as_of as entered_at,
            int_clock.as_of as left_at
        from int_segment_definitions
        cross join int_clock
        where false
    {% endif %}
)

select * from int_segment_stays_before
