-- One row per account in the shop's export; rows may repeat.
{{ config(enabled="shop" in var("systems")) }}

with accounts as (
    select * from {{ ref("stg_shop__accounts") }}
),

int_shop__customers as (
    select
        'shop' as system,
        account_id,
        lower(email) as email,
        {{ international_phone("phone", "upper(country)") }} as phone,
        loyalty_card,
        first_name,
        last_name,
        {{ decoded("sex_code", {
            "f": "female",
            "m": "male",
            "x": "other",
        }) }} as gender,
        {{ decoded("family_status_code", {
            "S": "single",
            "M": "married",
            "D": "divorced",
            "W": "widowed",
            "P": "partnered",
        }) }} as marital_status,
        {{ decoded("income_class_code", {
            "1": "under_20k",
            "2": "20k_to_40k",
            "3": "40k_to_60k",
            "4": "60k_to_100k",
            "5": "over_100k",
        }) }} as income_band,
        education,
        upper(country) as country,
        region,
        city,
        postcode,
        lower(substr(locale_code, 1, 2)) as language,
        {{ decoded("contact_preference_code", {
            "mail": "email",
            "text": "sms",
            "push": "push",
            "letter": "post",
        }) }} as preferred_channel,
        signup_source as acquisition_channel,
        household_size,
        latitude,
        longitude,
        attributes as traits,
        -- Where a form wanted a birthday, many entered the first day it allowed.
        nullif(birthday, cast('1900-01-01' as date)) as birth_date,
        registered_at
    from accounts
)

select * from int_shop__customers
