-- One row per measure whose fifths are not everybody who ordered in a year.
with cut_points as (
    select * from {{ ref("int_rfm_cut_points") }}
),

features as (
    select * from {{ ref("dim_customer_features") }}
),

buyers as (
    select count(*) as count_customers
    from features
    where count_orders_365d > 0
),

customers_of_fifths as (
    select
        measure,
        sum(count_customers) as count_customers
    from cut_points
    group by measure
),

fifths_add_up_to_buyers as (
    select customers_of_fifths.measure
    from customers_of_fifths
    cross join buyers
    where customers_of_fifths.count_customers <> buyers.count_customers
)

select * from fifths_add_up_to_buyers
