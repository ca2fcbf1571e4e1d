-- Nobody is in two tiers of a ladder, or in two branches of a waterfall.
with

fct_segment_members as (
    select * from {{ ref("fct_segment_members") }}
),

dim_segments as (
    select * from {{ ref("dim_segments") }}
),

parts as (
    select
        fct_segment_members.customer_id,
        split_part(fct_segment_members.segment, '__', 1) as whole
    from fct_segment_members
    inner join dim_segments
        on fct_segment_members.segment = dim_segments.segment
    where dim_segments.kind in ('tier', 'branch') and dim_segments.state = 'fresh'
)

select
    customer_id,
    whole
from parts
group by customer_id, whole
having count(*) > 1
