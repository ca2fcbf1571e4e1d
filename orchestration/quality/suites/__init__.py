"""The suites, one module a table; to add one, write a module and name it here."""

from __future__ import annotations

from orchestration.quality.suites import (
    dim_customer_features,
    dim_customers,
    dim_products,
    dim_segments,
    fct_answers,
    fct_consents,
    fct_events,
    fct_messages,
    fct_order_lines,
    fct_orders,
    fct_points,
    fct_referrals,
    fct_segment_members,
    int_customers_checked,
    int_row_counts,
)

SUITES = (
    int_row_counts.SUITE,
    int_customers_checked.SUITE,
    dim_customers.SUITE,
    dim_products.SUITE,
    fct_orders.SUITE,
    fct_order_lines.SUITE,
    fct_events.SUITE,
    fct_points.SUITE,
    fct_messages.SUITE,
    fct_consents.SUITE,
    fct_answers.SUITE,
    fct_referrals.SUITE,
    dim_customer_features.SUITE,
    dim_segments.SUITE,
    fct_segment_members.SUITE,
)
