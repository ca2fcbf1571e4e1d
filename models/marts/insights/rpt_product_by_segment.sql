-- One row per segment and product: how much more its members buy it than others do.
with fct_segment_members as (
    select * from {{ ref("fct_segment_members") }}
),

int_customer_products as (
    select * from {{ ref("int_customer_products") }}
    where kept_quantity > 0
),

dim_products as (
    select * from {{ ref("dim_products") }}
),

dim_segments as (
    select * from {{ ref("dim_segments") }}
),

int_clock as (
    select * from {{ ref("int_clock") }}
),

buyers as (
    select count(distinct customer_id) as count_buyers from int_customer_products
),

products as (
    select
        product_id,
        count(*) as count_buyers
    from int_customer_products
    group by product_id
),

members_who_buy as (
    select
        fct_segment_members.segment,
        count(distinct fct_segment_members.customer_id) as count_buyers
    from fct_segment_members
    inner join int_customer_products
        on fct_segment_members.customer_id = int_customer_products.customer_id
    group by fct_segment_members.segment
),

bought_by_members as (
    select
        fct_segment_members.segment,
        int_customer_products.product_id,
        count(*) as count_buyers,
        sum(int_customer_products.net_revenue) as net_revenue_365d
    from fct_segment_members
    inner join int_customer_products
        on fct_segment_members.customer_id = int_customer_products.customer_id
    group by fct_segment_members.segment, int_customer_products.product_id
),

shares as (
    select
        bought_by_members.*,
        cast(bought_by_members.count_buyers as double)
        / members_who_buy.count_buyers as share_of_buyers,
        cast(products.count_buyers as double)
        / buyers.count_buyers as share_of_all_buyers
    from bought_by_members
    inner join members_who_buy
        on bought_by_members.segment = members_who_buy.segment
    inner join products
        on bought_by_members.product_id = products.product_id
    cross join buyers
),

rpt_product_by_segment as (
    select
        shares.segment,
        dim_segments.label,
        shares.product_id,
        dim_products.product_name,
        dim_products.category,
        cast(shares.count_buyers as bigint) as count_buyers,
        cast(shares.net_revenue_365d as decimal(38, 4)) as net_revenue_365d,
        shares.share_of_buyers,
        shares.share_of_all_buyers,
        shares.share_of_buyers / shares.share_of_all_buyers as lift,
        int_clock.as_of
    from shares
    inner join dim_segments
        on shares.segment = dim_segments.segment
    left join dim_products
        on shares.product_id = dim_products.product_id
    cross join int_clock
)

select * from rpt_product_by_segment
