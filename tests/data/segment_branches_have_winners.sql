-- Of the branches of a waterfall that fit somebody, exactly the first is won.
with

fct_segment_branches as (
    select
        *,
        min(position) over (partition by waterfall, customer_id) as first_position
    from {{ ref("fct_segment_branches") }}
)

select * from fct_segment_branches
where is_won <> (position = first_position)
