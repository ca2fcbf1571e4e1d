-- One row per customer or anonymous visitor with a cart that no order followed.
{{ config(materialized="table") }}

with events as {{ not_materialized() }} (
    select * from {{ ref("fct_events") }}
),

orders as (
    select * from {{ ref("fct_orders") }}
),

products as (
    select * from {{ ref("dim_products") }}
),

currency_rates as (
    select * from {{ ref("int_currency_rates") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

-- A cancelled order empties the cart as well as any other.
placed_orders as (
    select
        true as is_customer,
        customer_id as visitor_id,
        ordered_at
    from orders
    where customer_id is not null
    union all
    select
        customer_id is not null as is_customer,
        coalesce(customer_id, anonymous_id) as visitor_id,
        occurred_at as ordered_at
    from events
    where event_name = 'order_placed'
),

last_placed_orders as (
    select
        is_customer,
        visitor_id,
        max(ordered_at) as last_order_at
    from placed_orders
    group by is_customer, visitor_id
),

cart_events as (
    select
        customer_id is not null as is_customer,
        coalesce(customer_id, anonymous_id) as visitor_id,
        coalesce(session_id, event_id) as session_id,
        product_id,
        event_name,
        occurred_at
    from events
    where
        event_name in ('cart_added', 'cart_removed', 'checkout_started')
        and (customer_id is not null or anonymous_id is not null)
),

open_cart_events as (
    select
        cart_events.*,
        cart_events.occurred_at >= windows.start_90d_at as is_in_90d
    from cart_events
    cross join windows
    left join last_placed_orders
        on
            cart_events.is_customer = last_placed_orders.is_customer
            and cart_events.visitor_id = last_placed_orders.visitor_id
    where
        last_placed_orders.last_order_at is null
        or cart_events.occurred_at > last_placed_orders.last_order_at
),

sessions as (
    select
        is_customer,
        visitor_id,
        max(case when is_in_90d then 1 else 0 end) as is_in_90d,
        max(case when event_name = 'checkout_started' and is_in_90d then 1 else 0 end)
            as is_checkout_in_90d,
        max(case when event_name = 'checkout_started' then occurred_at end)
            as last_checkout_at,
        max(occurred_at) as last_cart_at
    from open_cart_events
    where event_name in ('cart_added', 'checkout_started')
    group by is_customer, visitor_id, session_id
),

sessions_per_visitor as (
    select
        is_customer,
        visitor_id,
        sum(is_in_90d) as count_carts_90d,
        sum(is_checkout_in_90d) as count_checkouts_90d,
        max(last_checkout_at) as last_checkout_at,
        max(last_cart_at) as last_cart_at
    from sessions
    group by is_customer, visitor_id
),

-- What was put in less what was taken out again, each at today's list price.
contents as (
    select
        is_customer,
        visitor_id,
        product_id,
        count(case when event_name = 'cart_added' then 1 end)
        - count(case when event_name = 'cart_removed' then 1 end) as quantity
    from open_cart_events
    where is_in_90d and product_id is not null
    group by is_customer, visitor_id, product_id
),

valued_contents as (
    select
        contents.is_customer,
        contents.visitor_id,
        contents.product_id,
        contents.quantity * products.price * currency_rates.rate as list_value
    from contents
    cross join windows
    left join products on contents.product_id = products.product_id
    left join currency_rates
        on
            products.currency = currency_rates.currency
            and windows.today >= currency_rates.valid_from
            and windows.today < currency_rates.valid_until
    where contents.quantity > 0
),

contents_per_visitor as (
    select
        is_customer,
        visitor_id,
        {{ sorted_list("product_id") }} as products,
        sum(cast(list_value as decimal(18, 4))) as list_value
    from valued_contents
    group by is_customer, visitor_id
),

int_visitor_carts as (
    select
        sessions_per_visitor.visitor_id,
        cast(sessions_per_visitor.count_carts_90d as bigint)
            as count_abandoned_carts_90d,
        cast(sessions_per_visitor.count_checkouts_90d as bigint)
            as count_abandoned_checkouts_90d,
        cast(coalesce(contents_per_visitor.list_value, 0) as decimal(18, 4))
            as abandoned_cart_value_90d,
        {{ list_or_empty("contents_per_visitor.products") }}
            as abandoned_cart_products_90d,
        sessions_per_visitor.is_customer,
        sessions_per_visitor.last_cart_at >= windows.start_7d_at
            as has_abandoned_cart_7d,
        coalesce(sessions_per_visitor.last_checkout_at >= windows.start_7d_at, false)
            as has_abandoned_checkout_7d,
        sessions_per_visitor.last_cart_at as last_abandoned_cart_at,
        sessions_per_visitor.last_checkout_at as last_abandoned_checkout_at
    from sessions_per_visitor
    cross join windows
    left join contents_per_visitor
        on
            sessions_per_visitor.is_customer = contents_per_visitor.is_customer
            and sessions_per_visitor.visitor_id = contents_per_visitor.visitor_id
)

select * from int_visitor_carts
