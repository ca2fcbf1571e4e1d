-- One row per category: what its products are bought for in the middle.
{{ config(materialized="table") }}

with customer_products as (
    select * from {{ ref("int_customer_products") }}
),

int_category_prices as (
    select
        category,
        cast(
            percentile_cont(0.5) within group (
                order by
                    cast(list_amount as {{ canonical_type("double") }}) / kept_quantity
            ) as decimal(18, 4)
        ) as median_unit_price
    from customer_products
    where category is not null and kept_quantity > 0
    group by category
)

select * from int_category_prices
