"""Expectations of the attributes that segments are written with."""

from __future__ import annotations

from orchestration.quality.expectations import Suite, has_rows, is_between, is_key, never, no_rows

SUITE = Suite(
    "dim_customer_features",
    (
        has_rows(),
        *is_key("customer_id"),
        no_rows(
            "everybody_has_features",
            "The rows are exactly the customers.",
            "select 1 as unexpected from tested"
            " full outer join dim_customers"
            " on tested.customer_id = dim_customers.customer_id"
            " where tested.customer_id is null or dim_customers.customer_id is null",
        ),
        never(
            "longer_windows_hold_shorter_ones",
            "Orders of 30 days are among those of 90, of 365 days and of a lifetime.",
            "count_orders_30d > count_orders_90d or count_orders_90d > count_orders_365d"
            " or count_orders_365d > count_orders_lifetime",
        ),
        no_rows(
            "orders_add_up",
            "Lifetime orders and revenue are those of fct_orders.",
            "select 1 as unexpected from ("
            " select coalesce(sum(count_orders_lifetime), 0) as count_orders,"
            " coalesce(sum(net_revenue_lifetime), 0) as net_revenue from tested"
            ") as features cross join ("
            " select count(*) as count_orders, coalesce(sum(net_revenue), 0) as net_revenue"
            " from fct_orders where customer_id is not null and not is_cancelled"
            ") as orders where features.count_orders <> orders.count_orders"
            " or features.net_revenue <> orders.net_revenue",
        ),
        no_rows(
            "nothing_comes_from_the_future",
            "Nobody ordered at or after as_of.",
            "select 1 as unexpected from tested cross join int_clock where last_order_at >= as_of",
        ),
        is_between("share_discounted_orders_365d", 0, 1),
        is_between("share_returned_orders_365d", 0, 1),
        is_between("days_since_last_order", 0, None),
        is_between("age", 0, 120, "warning"),
    ),
)
