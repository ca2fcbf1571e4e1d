-- One row per raw product of every enabled system, with the verdict on it.
{{ config(materialized="table") }}

with products as {{ not_materialized() }} (
    {{ union_systems("products") }}
),

judged_products as {{ not_materialized() }} (
    select
        products.*,
        case
            when nullif(products.product_id, '') is null then 'missing_key'
            when products.price < 0 then 'impossible_amount'
        end as reason
    from products
),

repeated_products as (
    {{ repeated_rows("products", "judged_products") }}
),

int_products_checked as (
    {{ rows_with_verdict("products", "judged_products", "repeated_products") }}
)

select * from int_products_checked
