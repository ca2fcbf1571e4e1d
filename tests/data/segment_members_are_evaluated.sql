-- The open stays are exactly who the rules found, in every segment that is not stale.
with

evaluated as (
    select
        segment,
        customer_id,
        through,
        variant
    from {{ ref("int_segment_members__customer") }}
    where through <> 'reached'
),

members as (
    select
        fct_segment_members.segment,
        fct_segment_members.customer_id,
        fct_segment_members.through,
        fct_segment_members.variant
    from {{ ref("fct_segment_members") }} as fct_segment_members
    inner join {{ ref("dim_segments") }} as dim_segments
        on fct_segment_members.segment = dim_segments.segment
    where dim_segments.state = 'fresh'
)

(
    select * from evaluated
    except
    select * from members
)

union all

(
    select * from members
    except
    select * from evaluated
)
