-- One row per customer: how much is known of them, to see whether anything arrived.
{% set before = table_before("count_events") %}

{% if before %}
    -- An update takes in events, and nothing else.
    with counts_before as (
        select * from {{ before }}
    ),

    events_per_customer as (
        select
            customer_id,
            count(*) as count_events
        from {{ ref("fct_events") }}
        group by customer_id
    ),

    int_customer_row_counts as (
        select
            counts_before.customer_id,
            counts_before.profile_hash,
            coalesce(events_per_customer.count_events, 0) as count_events,
            counts_before.count_rows
            - counts_before.count_events
            + coalesce(events_per_customer.count_events, 0) as count_rows
        from counts_before
        left join events_per_customer
            on counts_before.customer_id = events_per_customer.customer_id
    )
{% else %}
    with dim_customers as (
        select * from {{ ref("dim_customers") }}
    ),

    rows_of_customers as (
        select
            customer_id,
            0 as count_events,
            count(*) + count(case when is_cancelled or is_returned then 1 end)
                as count_rows
        from {{ ref("fct_orders") }}
        group by customer_id
        union all
        select
            customer_id,
            count(*) as count_events,
            count(*) as count_rows
        from {{ ref("fct_events") }}
        group by customer_id
        union all
        select
            customer_id,
            0 as count_events,
            count(*) as count_rows
        from {{ ref("fct_points") }}
        group by customer_id
        union all
        select
            customer_id,
            0 as count_events,
            count(*) + count(delivered_at) + count(opened_at) + count(clicked_at)
            + count(unsubscribed_at) + count(bounced_at) as count_rows
        from {{ ref("fct_messages") }}
        group by customer_id
        union all
        select
            customer_id,
            0 as count_events,
            count(*) as count_rows
        from {{ ref("fct_consents") }}
        group by customer_id
        union all
        select
            customer_id,
            0 as count_events,
            count(*) as count_rows
        from {{ ref("fct_answers") }}
        group by customer_id
        union all
        select
            customer_id,
            0 as count_events,
            count(*) + count(case when is_successful then 1 end) as count_rows
        from {{ ref("fct_referrals") }}
        group by customer_id
    ),

    counted as (
        select
            customer_id,
            sum(count_events) as count_events,
            sum(count_rows) as count_rows
        from rows_of_customers
        where customer_id is not null
        group by customer_id
    ),

    int_customer_row_counts as (
        select
            dim_customers.customer_id,
            md5(
                concat_ws(
                    '|',
                    coalesce(dim_customers.gender, '-'),
                    coalesce(dim_customers.marital_status, '-'),
                    coalesce(dim_customers.income_band, '-'),
                    coalesce(dim_customers.education, '-'),
                    coalesce(dim_customers.country, '-'),
                    coalesce(dim_customers.region, '-'),
                    coalesce(dim_customers.city, '-'),
                    coalesce(dim_customers.postcode, '-'),
                    coalesce(dim_customers.language, '-'),
                    coalesce(dim_customers.preferred_channel, '-'),
                    coalesce(dim_customers.acquisition_channel, '-'),
                    coalesce(cast(dim_customers.household_size as varchar), '-'),
                    coalesce(cast(dim_customers.latitude as varchar), '-'),
                    coalesce(cast(dim_customers.longitude as varchar), '-'),
                    coalesce(cast(dim_customers.traits as varchar), '-'),
                    coalesce(cast(dim_customers.birth_date as varchar), '-'),
                    coalesce(cast(dim_customers.registered_at as varchar), '-')
                )
            ) as profile_hash,
            coalesce(cast(counted.count_events as bigint), 0) as count_events,
            coalesce(cast(counted.count_rows as bigint), 0) as count_rows
        from dim_customers
        left join counted
            on dim_customers.customer_id = counted.customer_id
    )
{% endif %}

select * from int_customer_row_counts
