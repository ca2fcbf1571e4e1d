-- One row per customer: how dear what they buy is in its category.
{{ config(materialized="table") }}

with customers as (
    select * from {{ ref("dim_customers") }}
),

customer_products as (
    select * from {{ ref("int_customer_products") }}
),

category_prices as (
    select * from {{ ref("int_category_prices") }}
),

products as (
    select
        customer_products.customer_id,
        customer_products.kept_quantity,
        -- Rounded here, so that the order of addition does not matter.
        cast(
            customer_products.list_amount
            / nullif(category_prices.median_unit_price, 0) as decimal(18, 6)
        ) as price_level
    from customer_products
    inner join category_prices
        on customer_products.category = category_prices.category
    where customer_products.product_id is not null
),

products_per_customer as (
    select
        customer_id,
        sum(price_level) as price_level,
        sum(kept_quantity) filter (where price_level is not null and kept_quantity > 0)
            as priced_quantity
    from products
    group by customer_id
),

int_customer_price_levels as (
    select
        customers.customer_id,
        {{ ratio(
            "products_per_customer.price_level",
            "products_per_customer.priced_quantity"
        ) }} as price_level_365d
    from customers
    left join products_per_customer
        on customers.customer_id = products_per_customer.customer_id
)

select * from int_customer_price_levels
