-- One row per customer, with all segments that the customer is in now.
with

dim_customers as (
    select * from {{ ref("dim_customers") }}
),

fct_segment_members as (
    select * from {{ ref("fct_segment_members") }}
),

int_clock as (
    select * from {{ ref("int_clock") }}
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
        coalesce(
            segments_per_customer.segments, cast([] as varchar[])
        ) as segments,
        coalesce(segments_per_customer.count_segments, 0) as count_segments,
        int_clock.as_of
    from dim_customers
    left join segments_per_customer
        on dim_customers.customer_id = segments_per_customer.customer_id
    cross join int_clock
)

select * from dim_customer_segments
