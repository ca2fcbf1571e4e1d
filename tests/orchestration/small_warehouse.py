"""A warehouse of a few rows, made by hand, in which everything is as it should be."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.quality.metrics import CREATE

_GOOD = """
    create table int_clock as
    select timestamp '2026-07-01' as as_of;

    create table int_row_counts as
    select 'orders' as table_name, 'shop' as system,
        20 as count_raw, 18 as count_accepted, 1 as count_quarantined, 1 as count_duplicates;

    create table int_identity_map as
    select 'account' as identifier_type, 'shop:1' as identifier, 'a' as customer_id
    union all select 'email', 'a@example.com', 'a'
    union all select 'account', 'shop:2', 'b';

    create table dim_customers as
    select customer_id, email, null::varchar as phone, 'other' as gender,
        'AT' as country, 'de' as language, 'email' as preferred_channel,
        null::varchar as first_name, date '1990-05-05' as birth_date, 2 as household_size,
        48.2::double as latitude, 16.4::double as longitude, map {'dogs': '2'} as traits,
        true as is_registered, false as is_guest,
        email is not null as is_email_reachable, false as is_sms_reachable,
        timestamp '2026-01-01' as registered_at, timestamp '2026-01-01' as first_seen_at
    from (values ('a', 'a@example.com'), ('b', null)) as customers (customer_id, email);

    create table int_customers_checked as
    select email, phone, null::varchar as loyalty_card, birth_date, registered_at, gender, country
    from dim_customers;

    create table fct_orders as
    select order_id, customer_id, 'completed' as status, 'web' as channel, 'EUR' as currency,
        100::decimal(18, 4) as gross_amount, 10::decimal(18, 4) as discount_amount,
        18::decimal(18, 4) as tax_amount, 5::decimal(18, 4) as shipping_amount,
        0::decimal(18, 4) as refunded_amount, 113::decimal(18, 4) as total_amount,
        90::decimal(18, 4) as net_revenue_original, 90::decimal(18, 4) as net_revenue,
        2::decimal(18, 3) as item_count,
        order_number, false as is_cancelled, timestamp '2026-06-30' as ordered_at
    from (values ('shop:1', 'a', 1), ('shop:2', 'a', 2), ('shop:3', null, null))
        as orders (order_id, customer_id, order_number);

    create table fct_order_lines as
    select order_id || '/1' as order_line_id, order_id, customer_id, 'sandals' as product_name,
        2::decimal(18, 3) as quantity, 0::decimal(18, 3) as returned_quantity,
        90::decimal(18, 4) as net_amount, false as is_cancelled, ordered_at
    from fct_orders;

    create table dim_customer_features as
    select customer_id, 30 as age, orders as count_orders_30d, orders as count_orders_90d,
        orders as count_orders_365d, orders as count_orders_lifetime,
        (90 * orders)::decimal(18, 4) as net_revenue_lifetime,
        0.5::double as share_discounted_orders_365d, null::double as share_returned_orders_365d,
        1 as days_since_last_order, timestamp '2026-06-30' as last_order_at,
        ['shoes'] as categories_bought_365d
    from (values ('a', 2), ('b', 0)) as features (customer_id, orders);

    create table dim_segments as
    select 'buyers' as segment, 1 as members, 1 as expected_min_members,
        null::bigint as expected_max_members, 0.5::double as share_of_customers,
        timestamp '2026-07-01' as as_of;

    create table fct_segment_members as
    select 'buyers' as segment, 'a' as customer_id;

    create table dim_products as
    select 'shop:s' as product_id, 'sandals' as product_name, 'shoes' as category,
        'Calceo' as brand, 'EUR' as currency, 45::decimal(18, 4) as price;

    create table fct_events as
    select 'shop:1' as event_id, 'a' as customer_id, 'shop:v' as anonymous_id,
        'shop:s' as session_id, 'page_viewed' as event_name, 'desktop' as device_type,
        '/' as page, timestamp '2026-06-30' as occurred_at;

    create table fct_points as
    select 'shop:1' as point_entry_id, 'a' as customer_id, 'earned' as entry_type,
        50 as points, timestamp '2026-06-30' as occurred_at;

    create table fct_messages as
    select 'shop:1' as message_id, 'a' as customer_id, 'email' as channel,
        timestamp '2026-06-30' as sent_at, timestamp '2026-06-30' as delivered_at,
        timestamp '2026-06-30 01:00:00' as opened_at, null::timestamp as clicked_at,
        null::timestamp as bounced_at;

    create table fct_consents as
    select 'shop:1' as consent_id, 'a' as customer_id, 'email' as channel,
        'granted' as state, timestamp '2026-06-30' as changed_at;

    create table fct_answers as
    select 'shop:1' as answer_id, 'a' as customer_id, 'pets' as question,
        timestamp '2026-06-30' as answered_at;

    create table fct_referrals as
    select 'shop:1' as referral_id, 'a' as customer_id, 'b' as referred_customer_id,
        timestamp '2026-06-30' as referred_at;
"""


def make_warehouse(folder: Path, *spoiling: str) -> Path:
    """Write the good warehouse into a folder, spoil it with statements, return its path."""
    path = folder / "kohorte.duckdb"
    with duckdb.connect(str(path)) as connection:
        for statement in (_GOOD, CREATE, *spoiling):
            connection.execute(statement)
    return path
