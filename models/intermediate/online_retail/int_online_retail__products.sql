-- One row per product on an invoice before as_of, named and priced as last sold.
{{ config(enabled="online_retail" in var("systems")) }}

with clock as (
    select * from {{ ref("int_clock") }}
),

numbered_lines as (
    select * from {{ ref("int_online_retail__numbered_lines") }}
),

known_lines as (
    select numbered_lines.*
    from numbered_lines
    inner join clock
        on numbered_lines.invoiced_at < clock.as_of
),

stock_codes as (
    select distinct product_id from known_lines
    where product_id is not null
),

sales as (
    select
        product_id,
        description,
        unit_price,
        row_number() over (
            partition by product_id
            order by invoiced_at desc, invoice_id desc, line_number desc
        ) as sale_number
    from known_lines
    where not is_credit and quantity > 0 and unit_price > 0
),

int_online_retail__products as (
    select
        'online_retail' as system,
        stock_codes.product_id,
        sales.description as product_name,
        cast(null as varchar) as category_path,
        cast(null as varchar) as category,
        cast(null as varchar) as brand,
        'GBP' as currency,
        sales.unit_price as price
    from stock_codes
    left join sales
        on
            stock_codes.product_id = sales.product_id
            and sales.sale_number = 1
)

select * from int_online_retail__products
