-- One row per segment: what its members are worth and how they can be reached.
with fct_segment_members as (
    select * from {{ ref("fct_segment_members") }}
),

dim_customer_features as (
    select * from {{ ref("dim_customer_features") }}
),

dim_segments as (
    select * from {{ ref("dim_segments") }}
),

value_per_segment as (
    select
        fct_segment_members.segment,
        sum(dim_customer_features.count_orders_365d) as count_orders_365d,
        sum(dim_customer_features.net_revenue_365d) as net_revenue_365d,
        sum(
            case when dim_customer_features.is_email_reachable then 1 else 0 end
        ) as count_email_reachable
    from fct_segment_members
    inner join dim_customer_features
        on fct_segment_members.customer_id = dim_customer_features.customer_id
    group by fct_segment_members.segment
),

rpt_segment_value as (
    select
        dim_segments.segment,
        dim_segments.label,
        dim_segments.members,
        cast(
            coalesce(value_per_segment.count_orders_365d, 0) as bigint
        ) as count_orders_365d,
        cast(
            coalesce(value_per_segment.count_email_reachable, 0) as bigint
        ) as count_email_reachable,
        cast(
            coalesce(value_per_segment.net_revenue_365d, 0) as decimal(38, 4)
        ) as net_revenue_365d,
        cast(value_per_segment.net_revenue_365d as double)
        / nullif(dim_segments.members, 0) as average_revenue_365d,
        dim_segments.as_of
    from dim_segments
    left join value_per_segment
        on dim_segments.segment = value_per_segment.segment
)

select * from rpt_segment_value
