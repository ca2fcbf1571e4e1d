-- One row per line of an invoice or a credit note, numbered within its document.
{{ config(enabled="online_retail" in var("systems"), materialized="table") }}
{#- Codes of postage, manual entries, samples, discounts and fees: no products. -#}
{%- set codes_without_product = [
    "POST", "DOT", "C2", "M", "S", "D", "B", "BANK CHARGES", "AMAZONFEE", "CRUK",
] %}

with invoice_lines as (
    select * from {{ ref("stg_online_retail__invoice_lines") }}
),

int_online_retail__numbered_lines as (
    select
        invoice_id,
        customer_number,
        upper(stock_code) as stock_code,
        case
            when
                upper(stock_code) not in (
                    {%- for code in codes_without_product %}
                        '{{ code }}'{{ "," if not loop.last }}
                    {%- endfor %}
                )
                then upper(stock_code)
        end as product_id,
        description,
        country_name,
        cast(
            dense_rank() over (
                partition by invoice_id
                order by
                    stock_code,
                    description,
                    quantity,
                    unit_price,
                    invoiced_at,
                    customer_number,
                    country_name
            ) as integer
        ) as line_number,
        quantity,
        unit_price,
        cast(quantity * unit_price as decimal(18, 4)) as amount,
        invoice_id like 'C%' as is_credit,
        min(invoiced_at) over (partition by invoice_id) as invoiced_at
    from invoice_lines
)

select * from int_online_retail__numbered_lines
