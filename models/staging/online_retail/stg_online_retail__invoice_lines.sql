-- One row per line of an invoice or a credit note.
{{ config(enabled="online_retail" in var("systems")) }}

with source as (
    select * from {{ source("online_retail", "online_retail") }}
),

renamed as (
    select
        trim(invoiceno) as invoice_id,
        trim(stockcode) as stock_code,
        cast(customerid as varchar) as customer_number,
        trim(description) as description,
        trim(country) as country_name,
        cast(quantity as decimal(18, 3)) as quantity,
        cast(unitprice as decimal(18, 4)) as unit_price,
        {{ to_utc("invoicedate", "Europe/London") }} as invoiced_at
    from source
)

select * from renamed
