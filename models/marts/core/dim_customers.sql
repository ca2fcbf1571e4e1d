-- One row per person: who they are and how they can be reached.
with clock as (
    select * from {{ ref("int_clock") }}
),

checked_customers as (
    select * from {{ ref("int_customers_checked") }}
),

identity_map as {{ not_materialized() }} (
    select * from {{ ref("int_identity_map") }}
),

customer_channels as (
    select * from {{ ref("dim_customer_channels") }}
),

people as (
    select
        customer_id,
        max(case when identifier_type = 'account' then 1 else 0 end) = 1
            as is_registered,
        min(first_seen_at) as first_seen_at
    from identity_map
    group by customer_id
),

-- Where no account names an address, the one that was used last.
contacts as (
    select
        customer_id,
        max_by(
            case when identifier_type = 'email' then identifier end,
            case
                when identifier_type = 'email'
                    then (last_seen_at, identifier)
            end
        ) as email,
        max_by(
            case when identifier_type = 'phone' then identifier end,
            case
                when identifier_type = 'phone'
                    then (last_seen_at, identifier)
            end
        ) as phone
    from identity_map
    where identifier_type in ('email', 'phone') and held_until is null
    group by customer_id
),

accounts as (
    select
        checked_customers.*,
        identity_map.customer_id,
        {{ identifier("email", "checked_customers") }} as address,
        min(registered_at) over (
            partition by identity_map.customer_id
        ) as first_registered_at,
        row_number() over (
            partition by identity_map.customer_id
            order by
                registered_at desc nulls last,
                checked_customers.system asc,
                checked_customers.account_id asc
        ) as place
    from checked_customers
    inner join identity_map
        on
            identity_map.identifier_type = 'account'
            and identity_map.identifier
            = {{ identifier("account", "checked_customers") }}
    where checked_customers.verdict = 'accepted'
),

-- The account that was registered last speaks for the person.
newest_accounts as (
    select * from accounts
    where place = 1
),

open_channels as (
    select
        customer_id,
        max(case when channel = 'email' then 1 else 0 end) = 1 as has_email,
        max(case when channel = 'sms' then 1 else 0 end) = 1 as has_sms,
        max(case when channel = 'push' then 1 else 0 end) = 1 as has_push,
        max(case when channel = 'post' then 1 else 0 end) = 1 as has_post
    from customer_channels
    where is_permitted and not is_bouncing
    group by customer_id
),

dim_customers as (
    select
        people.customer_id,
        coalesce(newest_accounts.address, contacts.email) as email,
        coalesce(newest_accounts.phone, contacts.phone) as phone,
        newest_accounts.first_name,
        newest_accounts.last_name,
        newest_accounts.gender,
        newest_accounts.marital_status,
        newest_accounts.income_band,
        newest_accounts.education,
        newest_accounts.country,
        newest_accounts.region,
        newest_accounts.city,
        newest_accounts.postcode,
        newest_accounts.language,
        newest_accounts.preferred_channel,
        newest_accounts.acquisition_channel,
        newest_accounts.household_size,
        newest_accounts.latitude,
        newest_accounts.longitude,
        newest_accounts.traits,
        people.is_registered,
        not people.is_registered as is_guest,
        coalesce(open_channels.has_email, false)
        and coalesce(newest_accounts.address, contacts.email) is not null
            as is_email_reachable,
        coalesce(open_channels.has_sms, false)
        and coalesce(newest_accounts.phone, contacts.phone) is not null
            as is_sms_reachable,
        coalesce(open_channels.has_push, false) as is_push_reachable,
        coalesce(open_channels.has_post, false)
        and newest_accounts.city is not null
        and newest_accounts.postcode is not null
            as is_post_reachable,
        case
            when
                newest_accounts.birth_date > cast('1900-01-01' as date)
                and newest_accounts.birth_date <= clock.today
                then newest_accounts.birth_date
        end as birth_date,
        newest_accounts.first_registered_at as registered_at,
        people.first_seen_at
    from people
    cross join clock
    left join newest_accounts
        on people.customer_id = newest_accounts.customer_id
    left join contacts
        on people.customer_id = contacts.customer_id
    left join open_channels
        on people.customer_id = open_channels.customer_id
)

select * from dim_customers
