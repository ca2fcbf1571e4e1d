-- One row per customer: which products, brands and categories they bought.
{{ config(materialized="table") }}

with customers as (
    select * from {{ ref("dim_customers") }}
),

order_lines as (
    select * from {{ ref("fct_order_lines") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

bought_lines as (
    select
        order_lines.customer_id,
        order_lines.product_id,
        order_lines.category,
        order_lines.brand,
        order_lines.quantity,
        order_lines.net_amount
    from order_lines
    cross join windows
    where
        order_lines.customer_id is not null
        and order_lines.ordered_at >= windows.start_365d_at
        and not order_lines.is_cancelled
),

categories as (
    select
        customer_id,
        category,
        row_number() over (
            partition by customer_id
            order by sum(net_amount) desc, sum(quantity) desc, category asc
        ) as preference
    from bought_lines
    where category is not null
    group by customer_id, category
),

categories_per_customer as (
    select
        customer_id,
        {{ sorted_list("category") }} as categories_bought,
        max(case when preference = 1 then category end) as top_category
    from categories
    group by customer_id
),

brands as (
    select distinct
        customer_id,
        brand
    from bought_lines
),

brands_per_customer as (
    select
        customer_id,
        {{ sorted_list("brand") }} as brands_bought
    from brands
    group by customer_id
),

products as (
    select distinct
        customer_id,
        product_id
    from bought_lines
),

products_per_customer as (
    select
        customer_id,
        {{ sorted_list("product_id") }} as products_bought
    from products
    group by customer_id
),

int_customer_product_features as (
    select
        customers.customer_id,
        categories_per_customer.top_category as top_category_365d,
        {{ list_or_empty("categories_per_customer.categories_bought") }}
            as categories_bought_365d,
        {{ list_or_empty("brands_per_customer.brands_bought") }}
            as brands_bought_365d,
        {{ list_or_empty("products_per_customer.products_bought") }}
            as products_bought_365d
    from customers
    left join categories_per_customer
        on customers.customer_id = categories_per_customer.customer_id
    left join brands_per_customer
        on customers.customer_id = brands_per_customer.customer_id
    left join products_per_customer
        on customers.customer_id = products_per_customer.customer_id
)

select * from int_customer_product_features
