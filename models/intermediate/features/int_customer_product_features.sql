-- One row per customer: which products, brands and categories they bought.
{{ config(materialized="table") }}

with customers as (
    select * from {{ ref("dim_customers") }}
),

customer_products as (
    select * from {{ ref("int_customer_products") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

products as (
    select
        customer_products.customer_id,
        customer_products.product_id,
        customer_products.category,
        customer_products.brand,
        customer_products.quantity,
        customer_products.net_revenue,
        customer_products.is_reordered,
        customer_products.last_ordered_at >= windows.start_90d_at as is_in_90d
    from customer_products
    cross join windows
),

products_per_customer as (
    select
        customer_id,
        {{ sorted_list("product_id") }} as products,
        {{ sorted_list("case when is_in_90d then product_id end") }} as products_90d,
        count(*) as count_products,
        count(*) filter (where is_reordered) as count_reordered
    from products
    where product_id is not null
    group by customer_id
),

{% for group, groups in {"category": "categories", "brand": "brands"}.items() %}
    ranked_{{ groups }} as (
        select
            customer_id,
            {{ group }},
            row_number() over (
                partition by customer_id
                order by sum(net_revenue) desc, sum(quantity) desc, {{ group }} asc
            ) as preference,
            max(case when is_in_90d then 1 else 0 end) = 1 as is_in_90d
        from products
        where {{ group }} is not null
        group by customer_id, {{ group }}
    ),

    {{ groups }}_per_customer as (
        select
            customer_id,
            {{ sorted_list(group) }} as {{ groups }},
            {{ sorted_list("case when is_in_90d then " ~ group ~ " end") }}
                as {{ groups }}_90d,
            count(*) as count_{{ groups }},
            max(case when preference = 1 then {{ group }} end) as top_{{ group }}
        from ranked_{{ groups }}
        group by customer_id
    ),
{% endfor %}

int_customer_product_features as (
    select
        customers.customer_id,
        categories_per_customer.top_category as top_category_365d,
        brands_per_customer.top_brand as top_brand_365d,
        {% for groups in ["categories", "brands", "products"] %}
            {{ list_or_empty(groups ~ "_per_customer." ~ groups ~ "_90d") }}
                as {{ groups }}_bought_90d,
            {{ list_or_empty(groups ~ "_per_customer." ~ groups) }}
                as {{ groups }}_bought_365d,
        {% endfor %}
        coalesce(categories_per_customer.count_categories, 0)
            as count_categories_bought_365d,
        coalesce(brands_per_customer.count_brands, 0) as count_brands_bought_365d,
        coalesce(products_per_customer.count_products, 0)
            as count_products_bought_365d,
        {{ ratio(
            "products_per_customer.count_reordered",
            "products_per_customer.count_products"
        ) }} as share_reordered_products_365d
    from customers
    left join categories_per_customer
        on customers.customer_id = categories_per_customer.customer_id
    left join brands_per_customer
        on customers.customer_id = brands_per_customer.customer_id
    left join products_per_customer
        on customers.customer_id = products_per_customer.customer_id
)

select * from int_customer_product_features
