-- One row per ladder, run and step that customers took from one tier to another.
with segment_transitions as (
    select * from {{ ref("fct_segment_transitions") }}
),

dim_segments as (
    select * from {{ ref("dim_segments") }}
),

-- What belongs to a ladder is called by it: status__gold.
tiers as (
    select
        segment,
        split_part(segment, '__', 1) as ladder
    from dim_segments
    where kind = 'tier'
),

steps as (
    select
        tiers.ladder,
        segment_transitions.customer_id,
        segment_transitions.happened_at,
        max(
            case
                when segment_transitions.transition = 'left'
                    then segment_transitions.segment
            end
        ) as from_segment,
        max(
            case
                when segment_transitions.transition = 'entered'
                    then segment_transitions.segment
            end
        ) as to_segment
    from segment_transitions
    inner join tiers
        on segment_transitions.segment = tiers.segment
    group by
        tiers.ladder,
        segment_transitions.customer_id,
        segment_transitions.happened_at
),

rpt_segment_migration as (
    select
        ladder,
        from_segment,
        to_segment,
        count(*) as customers,
        happened_at
    from steps
    group by ladder, from_segment, to_segment, happened_at
)

select * from rpt_segment_migration
