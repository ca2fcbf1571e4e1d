-- One row per segment, customer and time held out of the segment's split.
-- depends_on: {{ ref("fct_segment_stays") }}
{{ config(materialized="view") }}
{% set holdouts = segment_state("holdouts") %}

with fct_segment_holdouts as (
    {% if holdouts %}
        select
            segment,
            customer_id,
            held_out_at,
            released_at
        from {{ holdouts }}
    {% else %}
        select
            cast(null as varchar) as segment,
            cast(null as varchar) as customer_id,
            cast(null as timestamp) as held_out_at,
            cast(null as timestamp) as released_at
        where false
    {% endif %}
)

select * from fct_segment_holdouts
