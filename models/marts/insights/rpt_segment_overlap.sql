-- One row per pair of segments that have members in common.
with segment_members as (
    select
        segment,
        customer_id
    from {{ ref("fct_segment_members") }}
),

dim_segments as (
    select * from {{ ref("dim_segments") }}
),

int_clock as (
    select * from {{ ref("int_clock") }}
),

pairs as (
    select
        one.segment,
        other.segment as other_segment,
        count(*) as members_of_both
    from segment_members as one
    inner join segment_members as other
        on one.customer_id = other.customer_id and one.segment < other.segment
    group by one.segment, other.segment
),

counted as (
    select
        pairs.segment,
        pairs.other_segment,
        pairs.members_of_both,
        one.members + other.members - pairs.members_of_both as members_of_either,
        one.members,
        other.members as other_members
    from pairs
    inner join dim_segments as one
        on pairs.segment = one.segment
    inner join dim_segments as other
        on pairs.other_segment = other.segment
),

rpt_segment_overlap as (
    select
        counted.segment,
        counted.other_segment,
        counted.members_of_both,
        counted.members_of_either,
        {{ ratio("counted.members_of_both", "counted.members_of_either") }}
            as share_of_either,
        {{ ratio("counted.members_of_both", "counted.members") }} as share_of_segment,
        {{ ratio("counted.members_of_both", "counted.other_members") }}
            as share_of_other_segment,
        int_clock.as_of
    from counted
    cross join int_clock
)

select * from rpt_segment_overlap
