-- One row per account in the shop's export; rows may repeat.
{{ config(enabled="shop" in var("systems")) }}

with source as (
    select * from {{ source("shop", "accounts") }}
),

renamed as (
    select
        trim(account_no) as account_id,
        trim(loyalty_card_no) as loyalty_card,
        trim(email) as email,
        trim(phone) as phone,
        trim(first_name) as first_name,
        trim(last_name) as last_name,
        trim(sex) as sex_code,
        trim(family_status) as family_status_code,
        trim(income_class) as income_class_code,
        trim(education_level) as education,
        trim(country_code) as country,
        trim(state) as region,
        trim(city) as city,
        trim(zip) as postcode,
        trim(locale) as locale_code,
        trim(contact_preference) as contact_preference_code,
        trim(signup_source) as signup_source,
        cast(household_persons as integer) as household_size,
        cast(latitude as double) as latitude,
        cast(longitude as double) as longitude,
        attributes,
        cast(birthday as date) as birthday,
        cast(created_at as timestamp) as registered_at,
        cast(exported_at as timestamp) as exported_at
    from source
)

select * from renamed
