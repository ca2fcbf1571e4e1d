-- One row per line of an invoice or a credit note.
{{ config(enabled="online_retail" in var("systems")) }}

with numbered_lines as (
    select * from {{ ref("int_online_retail__numbered_lines") }}
),

returns as (
    select * from {{ ref("int_online_retail__returns") }}
),

returns_per_line as (
    select
        invoice_id,
        line_number,
        sum(returned_quantity) as returned_quantity,
        max(returned_at) as returned_at
    from returns
    group by invoice_id, line_number
),

int_online_retail__order_lines as (
    select
        'online_retail' as system,
        numbered_lines.invoice_id as order_id,
        numbered_lines.line_number,
        numbered_lines.product_id,
        numbered_lines.quantity,
        cast(
            coalesce(returns_per_line.returned_quantity, 0) as decimal(18, 3)
        ) as returned_quantity,
        numbered_lines.amount as net_amount,
        cast(0 as decimal(18, 4)) as discount_amount,
        numbered_lines.invoiced_at as ordered_at,
        returns_per_line.returned_at
    from numbered_lines
    left join returns_per_line
        on
            numbered_lines.invoice_id = returns_per_line.invoice_id
            and numbered_lines.line_number = returns_per_line.line_number
)

select * from int_online_retail__order_lines
