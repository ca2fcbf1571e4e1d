-- One row per customer, with all segments that the customer is in now.
with

dim_customers as (
    select * from {{ ref("dim_customers") }}
),

fct_segment_members as (
    select * from {{ ref("fct_segment_members") }}
),

dim_segments as (
    select * from {{ ref("dim_segments") }}
),

int_clock as (
    select * from {{ ref("int_clock") }}
),

-- The tiers of a ladder are exclusive: nobody has two.
status_tiers as (
    select
        fct_segment_members.customer_id,
        max(
            replace(fct_segment_members.segment, '{{ var("status_ladder") }}__', '')
        ) as status_tier
    from fct_segment_members
    inner join dim_segments
        on fct_segment_members.segment = dim_segments.segment
    where
        dim_segments.kind = 'tier'
        and starts_with(dim_segments.segment, '{{ var("status_ladder") }}__')
    group by fct_segment_members.customer_id
),

segments_per_customer as (
    select
        customer_id,
        {{ sorted_list("segment") }} as segments,
        count(*) as count_segments
    from fct_segment_members
    group by customer_id
),

dim_customer_segments as (
    select
        dim_customers.customer_id,
        status_tiers.status_tier,
        coalesce(
            segments_per_customer.segments, cast([] as varchar[])
        ) as segments,
        coalesce(segments_per_customer.count_segments, 0) as count_segments,
        int_clock.as_of
    from dim_customers
    left join segments_per_customer
        on dim_customers.customer_id = segments_per_customer.customer_id
    left join status_tiers
        on dim_customers.customer_id = status_tiers.customer_id
    cross join int_clock
)

select * from dim_customer_segments
