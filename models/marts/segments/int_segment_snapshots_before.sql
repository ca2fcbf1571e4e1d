-- One row per snapshot that a run before as_of has taken.
{{ config(materialized="view") }}
{% set definitions = segment_state("definitions") %}

with int_clock as (
    select * from {{ ref("int_clock") }}
),

int_segment_definitions as (
    select * from {{ ref("int_segment_definitions") }}
),

int_segment_snapshots_before as (
    {% if definitions %}
        select coalesce(renamed.segment, definitions.segment) as segment
        from {{ definitions }} as definitions
        cross join int_clock
        left join int_segment_definitions as renamed
            on
                definitions.segment = renamed.was
                and renamed.segment not in (
                    select own.segment from {{ definitions }} as own
                )
        where
            definitions.kind = 'snapshot'
            and definitions.evaluated_since < int_clock.as_of
    {% else %}
        select int_segment_definitions.segment
        from int_segment_definitions
        cross join int_clock
        where false
    {% endif %}
)

select * from int_segment_snapshots_before
