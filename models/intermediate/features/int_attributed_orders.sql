-- One row per order within 7 days of a click in a message, with the last such click.
{{ config(materialized="table") }}

with orders as (
    select * from {{ ref("fct_orders") }}
),

messages as (
    select * from {{ ref("fct_messages") }}
),

clicks as (
    select
        message_id,
        customer_id,
        channel,
        campaign_id,
        clicked_at
    from messages
    where clicked_at is not null and customer_id is not null
),

orders_after_clicks as (
    select
        orders.order_id,
        orders.customer_id,
        clicks.message_id,
        clicks.campaign_id,
        clicks.channel,
        orders.net_revenue,
        clicks.clicked_at,
        orders.ordered_at,
        row_number() over (
            partition by orders.order_id
            order by clicks.clicked_at desc, clicks.message_id desc
        ) as place
    from orders
    inner join clicks
        on
            orders.customer_id = clicks.customer_id
            and orders.ordered_at >= clicks.clicked_at
            and {{ local_timestamp("orders.ordered_at") }}
            < {{ dbt.dateadd("day", 7, local_timestamp("clicks.clicked_at")) }}
    where not orders.is_cancelled
),

int_attributed_orders as (
    select
        order_id,
        customer_id,
        message_id,
        campaign_id,
        channel,
        net_revenue,
        clicked_at,
        ordered_at
    from orders_after_clicks
    where place = 1
)

select * from int_attributed_orders
