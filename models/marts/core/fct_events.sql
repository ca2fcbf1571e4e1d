-- One row per web or app event, keyed to the person or the anonymous visitor behind it.
{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        full_refresh=not var("near_real_time"),
    )
}}
{% set checked, arrived = ref("int_events_checked"), ref("int_events_arrived") %}

with checked_events as (
    select * from {{ arrived if is_incremental() else checked }}
),

identity_map as {{ not_materialized() }} (
    select * from {{ ref("int_identity_map") }}
),

products as (
    select * from {{ ref("dim_products") }}
),

events as (
    select * from checked_events
    where verdict = 'accepted'
    {% if is_incremental() %}
        and system || ':' || event_id not in (
            select event_id from {{ this }}
            where occurred_at >= (select min(new.occurred_at) from {{ arrived }} as new)
        )
    {% endif %}
),

fct_events as (
    select
        events.system || ':' || events.event_id as event_id,
        {{ identity_customer(["account", "anonymous"]) }} as customer_id,
        {{ identifier("anonymous", "events") }} as anonymous_id,
        events.system || ':' || nullif(events.session_id, '') as session_id,
        events.system,
        events.event_name,
        events.device_type,
        events.os,
        events.browser,
        events.page,
        events.system || ':' || nullif(events.product_id, '') as product_id,
        products.product_name,
        coalesce(products.category, events.category) as category,
        products.brand,
        events.campaign_id,
        {{ local_date("events.occurred_at") }} as occurred_date,
        events.occurred_at
    from events
    {{ identity_joins("events", ["account", "anonymous"], "events.occurred_at") }}
    left join products
        on events.system || ':' || events.product_id = products.product_id
)

select * from fct_events
