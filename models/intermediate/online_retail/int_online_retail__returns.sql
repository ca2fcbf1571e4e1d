-- One row per line credited before as_of whose sale is in the extract, with the sale.
{{ config(enabled="online_retail" in var("systems"), materialized="table") }}

with clock as (
    select * from {{ ref("int_clock") }}
),

numbered_lines as (
    select * from {{ ref("int_online_retail__numbered_lines") }}
),

distinct_lines as (
    select distinct * from numbered_lines
),

sales as (
    select * from distinct_lines
    where not is_credit and quantity > 0
),

credits as (
    select distinct_lines.*
    from distinct_lines
    inner join clock
        on distinct_lines.invoiced_at < clock.as_of
    where is_credit and quantity < 0
),

candidate_sales as (
    select
        credits.invoice_id as credit_invoice_id,
        credits.line_number as credit_line_number,
        sales.invoice_id,
        sales.line_number,
        sales.quantity as sold_quantity,
        -credits.quantity as returned_quantity,
        -credits.amount as refunded_amount,
        credits.invoiced_at as returned_at,
        row_number() over (
            partition by credits.invoice_id, credits.line_number
            order by
                sales.invoiced_at desc,
                sales.invoice_id desc,
                sales.line_number desc
        ) as candidate_number
    from credits
    inner join sales
        on
            credits.customer_number = sales.customer_number
            and credits.stock_code = sales.stock_code
            and credits.unit_price = sales.unit_price
            and credits.invoiced_at >= sales.invoiced_at
            and -credits.quantity <= sales.quantity
),

latest_sales as (
    select
        *,
        sum(returned_quantity) over (
            partition by invoice_id, line_number
            order by returned_at, credit_invoice_id, credit_line_number
        ) as returned_quantity_so_far
    from candidate_sales
    where candidate_number = 1
),

int_online_retail__returns as (
    select
        credit_invoice_id,
        credit_line_number,
        invoice_id,
        line_number,
        returned_quantity,
        refunded_amount,
        returned_at
    from latest_sales
    where returned_quantity_so_far <= sold_quantity
)

select * from int_online_retail__returns
