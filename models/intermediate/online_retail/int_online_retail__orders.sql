-- One row per invoice that sold something for money.
{{ config(enabled="online_retail" in var("systems")) }}

with numbered_lines as (
    select * from {{ ref("int_online_retail__numbered_lines") }}
),

returns as (
    select * from {{ ref("int_online_retail__returns") }}
),

sold_lines as (
    select distinct * from numbered_lines
    where not is_credit
),

invoices as (
    select
        invoice_id,
        min(customer_number) as customer_number,
        sum(amount) as gross_amount,
        min(invoiced_at) as invoiced_at
    from sold_lines
    group by invoice_id
    having sum(amount) > 0
),

refunds as (
    select
        invoice_id,
        sum(refunded_amount) as refunded_amount,
        max(returned_at) as refunded_at
    from returns
    group by invoice_id
),

int_online_retail__orders as (
    select
        'online_retail' as system,
        invoices.invoice_id as order_id,
        invoices.customer_number as account_id,
        cast(null as varchar) as email,
        cast(null as varchar) as phone,
        cast(null as varchar) as loyalty_card,
        cast(null as varchar) as anonymous_id,
        'completed' as status,
        'web' as channel,
        cast(null as varchar) as store_id,
        'GBP' as currency,
        cast(null as varchar) as coupon_code,
        cast(invoices.gross_amount as decimal(18, 4)) as gross_amount,
        cast(0 as decimal(18, 4)) as discount_amount,
        cast(0 as decimal(18, 4)) as tax_amount,
        cast(0 as decimal(18, 4)) as shipping_amount,
        cast(coalesce(refunds.refunded_amount, 0) as decimal(18, 4))
            as refunded_amount,
        invoices.invoiced_at as ordered_at,
        cast(null as timestamp) as cancelled_at,
        refunds.refunded_at
    from invoices
    left join refunds
        on invoices.invoice_id = refunds.invoice_id
)

select * from int_online_retail__orders
