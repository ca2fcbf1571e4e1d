-- One row per customer number on an invoice or a credit note before as_of.
{{ config(enabled="online_retail" in var("systems")) }}
{%- set country_codes = {
    "Australia": "AU", "Austria": "AT", "Bahrain": "BH", "Belgium": "BE",
    "Brazil": "BR", "Canada": "CA", "Cyprus": "CY", "Czech Republic": "CZ",
    "Denmark": "DK", "EIRE": "IE", "Finland": "FI", "France": "FR", "Germany": "DE",
    "Greece": "GR", "Hong Kong": "HK", "Iceland": "IS", "Israel": "IL", "Italy": "IT",
    "Japan": "JP", "Lebanon": "LB", "Lithuania": "LT", "Malta": "MT",
    "Netherlands": "NL", "Norway": "NO", "Poland": "PL", "Portugal": "PT",
    "RSA": "ZA", "Saudi Arabia": "SA", "Singapore": "SG", "Spain": "ES",
    "Sweden": "SE", "Switzerland": "CH", "United Arab Emirates": "AE",
    "United Kingdom": "GB", "USA": "US",
} %}

with clock as (
    select * from {{ ref("int_clock") }}
),

invoice_lines as (
    select * from {{ ref("stg_online_retail__invoice_lines") }}
),

customer_lines as (
    select
        customer_number,
        country_name,
        row_number() over (
            partition by customer_number
            order by invoiced_at desc, invoice_id desc, country_name asc
        ) as line_number
    from invoice_lines
    inner join clock
        on invoice_lines.invoiced_at < clock.as_of
    where customer_number is not null
),

int_online_retail__customers as (
    select
        'online_retail' as system,
        customer_number as account_id,
        cast(null as varchar) as email,
        cast(null as varchar) as phone,
        cast(null as varchar) as loyalty_card,
        cast(null as varchar) as first_name,
        cast(null as varchar) as last_name,
        cast(null as varchar) as gender,
        cast(null as varchar) as marital_status,
        cast(null as varchar) as income_band,
        cast(null as varchar) as education,
        {{ decoded("country_name", country_codes) }} as country,
        case when country_name = 'Channel Islands' then country_name end as region,
        cast(null as varchar) as city,
        cast(null as varchar) as postcode,
        cast(null as varchar) as language,
        cast(null as varchar) as preferred_channel,
        cast(null as varchar) as acquisition_channel,
        cast(null as integer) as household_size,
        cast(null as double) as latitude,
        cast(null as double) as longitude,
        cast(null as {{ canonical_type("map(varchar, varchar)") }}) as traits,
        cast(null as date) as birth_date,
        cast(null as timestamp) as registered_at
    from customer_lines
    where line_number = 1
)

select * from int_online_retail__customers
