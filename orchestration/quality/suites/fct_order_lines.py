"""Expectations of the products that orders are made of."""

from __future__ import annotations

from orchestration.quality.expectations import (
    Suite,
    as_before,
    has_rows,
    is_key,
    is_present,
    never,
    no_rows,
)

#: Of all lines: a product that left the catalogue has no name any more.
FEWEST_NAMED = 0.9

SUITE = Suite(
    "fct_order_lines",
    (
        has_rows(),
        *as_before("fct_order_lines"),
        *is_key("order_line_id"),
        no_rows(
            "every_line_has_its_order",
            "Every line belongs to an order, to the same customer and instant.",
            "select 1 as unexpected from tested"
            " left join fct_orders on tested.order_id = fct_orders.order_id"
            " where fct_orders.order_id is null"
            " or tested.customer_id is distinct from fct_orders.customer_id"
            " or tested.ordered_at <> fct_orders.ordered_at",
        ),
        never(
            "no_more_is_returned_than_bought",
            "The returned quantity is between 0 and the quantity.",
            "returned_quantity < 0 or returned_quantity > abs(quantity)",
        ),
        never(
            "what_is_cancelled_earns_nothing",
            "A line of a cancelled order has no net amount.",
            "is_cancelled and net_amount <> 0",
        ),
        is_present("product_name", FEWEST_NAMED, "warning"),
    ),
)
