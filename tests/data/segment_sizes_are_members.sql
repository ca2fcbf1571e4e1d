-- The size of a segment now is the number of its members.
with

fct_segment_sizes as (
    select * from {{ ref("fct_segment_sizes") }}
),

fct_segment_members as (
    select * from {{ ref("fct_segment_members") }}
),

int_clock as (
    select * from {{ ref("int_clock") }}
),

sizes_now as (
    select
        fct_segment_sizes.segment,
        fct_segment_sizes.members
    from fct_segment_sizes
    inner join int_clock
        on fct_segment_sizes.as_of = int_clock.as_of
),

members_now as (
    select
        segment,
        count(*) as members
    from fct_segment_members
    group by segment
)

select
    sizes_now.segment,
    sizes_now.members,
    members_now.members as members_found
from sizes_now
full outer join members_now
    on sizes_now.segment = members_now.segment
where coalesce(sizes_now.members, 0) <> coalesce(members_now.members, 0)
