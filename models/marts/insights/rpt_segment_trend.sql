-- One row per segment and day with a run: how large it was, who came and who went.
with segment_sizes as (
    select * from {{ ref("fct_segment_sizes") }}
),

dim_segments as (
    select * from {{ ref("dim_segments") }}
),

sizes_with_day as (
    select
        segment,
        members,
        count_entered,
        count_left,
        share_of_customers,
        {{ local_date("as_of") }} as run_date,
        as_of
    from segment_sizes
),

ranked as (
    select
        *,
        row_number() over (
            partition by segment, run_date
            order by as_of desc
        ) as place
    from sizes_with_day
),

moves_per_day as (
    select
        segment,
        run_date,
        sum(count_entered) as count_entered,
        sum(count_left) as count_left
    from sizes_with_day
    group by segment, run_date
),

rpt_segment_trend as (
    select
        ranked.segment,
        coalesce(dim_segments.label, ranked.segment) as label,
        ranked.members,
        cast(moves_per_day.count_entered as bigint) as count_entered,
        cast(moves_per_day.count_left as bigint) as count_left,
        ranked.members - lag(ranked.members) over (
            partition by ranked.segment
            order by ranked.run_date
        ) as change_of_members,
        ranked.share_of_customers,
        ranked.run_date,
        ranked.as_of
    from ranked
    inner join moves_per_day
        on
            ranked.segment = moves_per_day.segment
            and ranked.run_date = moves_per_day.run_date
    left join dim_segments
        on ranked.segment = dim_segments.segment
    where ranked.place = 1
)

select * from rpt_segment_trend
