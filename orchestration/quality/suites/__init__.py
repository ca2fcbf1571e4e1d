"""The suites, one module a table; to add one, write a module and name it here."""

from __future__ import annotations

from orchestration.quality.suites import (
    dim_customer_features,
    dim_customers,
    dim_segments,
    fct_order_lines,
    fct_orders,
    fct_segment_members,
    int_row_counts,
)

SUITES = (
    int_row_counts.SUITE,
    dim_customers.SUITE,
    fct_orders.SUITE,
    fct_order_lines.SUITE,
    dim_customer_features.SUITE,
    dim_segments.SUITE,
    fct_segment_members.SUITE,
)
