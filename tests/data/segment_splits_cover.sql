-- Every member of a segment with a split has a variant, and nobody else has.
with

fct_segment_members as (
    select * from {{ ref("fct_segment_members") }}
),

int_segment_definitions as (
    select * from {{ ref("int_segment_definitions") }}
    where state = 'fresh'
)

select
    fct_segment_members.segment,
    fct_segment_members.customer_id
from fct_segment_members
inner join int_segment_definitions
    on fct_segment_members.segment = int_segment_definitions.segment
where
    (fct_segment_members.variant is null)
    <> (int_segment_definitions.split_seed is null)
