"""Expectations of the products."""

from __future__ import annotations

from orchestration.quality.expectations import Suite, as_before, is_between, is_key, is_present

SUITE = Suite(
    "dim_products",
    (
        *as_before("dim_products"),
        *is_key("product_id"),
        is_present("product_name", 0.9, "warning"),
        is_between("price", 0, None),
    ),
)
