-- Stays of one customer in one segment never overlap, and never touch.
with

fct_segment_stays as (
    select * from {{ ref("fct_segment_stays") }}
),

stays_with_next as (
    select
        segment,
        customer_id,
        entered_at,
        left_at,
        lead(entered_at) over (
            partition by segment, customer_id
            order by entered_at
        ) as next_entered_at
    from fct_segment_stays
)

select * from stays_with_next
where
    next_entered_at is not null
    and coalesce(next_entered_at <= left_at, true)
