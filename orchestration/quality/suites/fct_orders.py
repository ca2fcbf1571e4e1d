"""Expectations of the orders and their amounts."""

from __future__ import annotations

from orchestration.quality.expectations import (
    Suite,
    as_before,
    has_form,
    has_rows,
    is_between,
    is_key,
    is_one_of,
    is_present,
    never,
    no_rows,
)

#: Of all orders: guests without a trace are some, but never most.
FEWEST_KNOWN = 0.5
#: Of all orders.
MOST_CANCELLED = 0.25
#: Between the newest order and as_of.
MOST_SILENT_DAYS = 7

SUITE = Suite(
    "fct_orders",
    (
        has_rows(),
        *as_before("fct_orders"),
        *is_key("order_id"),
        is_one_of("status", ("pending", "completed", "cancelled")),
        is_one_of("channel", ("web", "app", "store", "phone", "marketplace")),
        is_between("gross_amount", 0, None),
        is_between("refunded_amount", 0, None),
        never(
            "total_adds_up",
            "total = gross - discount + tax + shipping.",
            "total_amount <> gross_amount - discount_amount + tax_amount + shipping_amount",
        ),
        never(
            "net_revenue_adds_up",
            "Net revenue = gross - discount - refunded, and 0 when cancelled.",
            "net_revenue_original <> case when is_cancelled then 0"
            " else gross_amount - discount_amount - refunded_amount end",
        ),
        no_rows(
            "nothing_comes_from_the_future",
            "No order was placed at or after as_of.",
            "select 1 as unexpected from tested cross join int_clock where ordered_at >= as_of",
        ),
        no_rows(
            "order_numbers_have_no_gaps",
            "A customer's orders that are not cancelled are numbered from 1.",
            "select 1 as unexpected from tested"
            " where customer_id is not null and not is_cancelled group by customer_id"
            " having min(order_number) <> 1 or max(order_number) <> count(*)",
        ),
        is_present("customer_id", FEWEST_KNOWN, "warning"),
        has_form("currency", "[A-Z]{3}"),
        no_rows(
            "few_are_cancelled",
            f"At most {MOST_CANCELLED:.0%} of the orders are cancelled.",
            "select 1 as unexpected from tested"
            f" having count(case when is_cancelled then 1 end) > {MOST_CANCELLED} * count(*)",
            "warning",
        ),
        no_rows(
            "the_newest_is_recent",
            f"The newest order is at most {MOST_SILENT_DAYS} days older than as_of.",
            "select 1 as unexpected from tested cross join int_clock"
            f" having max(ordered_at) < max(as_of) - interval {MOST_SILENT_DAYS} day",
            "warning",
        ),
    ),
)
