-- Entries and exits, played back from the start, give the members.
with

played_back as (
    select
        segment,
        customer_id,
        sum(case when transition = 'entered' then 1 else -1 end) as balance
    from {{ ref("fct_segment_transitions") }}
    group by segment, customer_id
),

fct_segment_members as (
    select
        segment,
        customer_id
    from {{ ref("fct_segment_members") }}
)

select
    coalesce(played_back.segment, fct_segment_members.segment) as segment,
    coalesce(played_back.customer_id, fct_segment_members.customer_id) as customer_id
from played_back
full outer join fct_segment_members
    on
        played_back.segment = fct_segment_members.segment
        and played_back.customer_id = fct_segment_members.customer_id
where
    coalesce(played_back.balance, 0)
    <> case when fct_segment_members.customer_id is null then 0 else 1 end
