"""Expectations of the loyalty points."""

from __future__ import annotations

from orchestration.quality.expectations import Suite, as_before, is_key, is_one_of, is_present

SUITE = Suite(
    "fct_points",
    (
        *as_before("fct_points"),
        *is_key("point_entry_id"),
        is_present("points"),
        is_one_of("entry_type", ("earned", "redeemed", "expired", "adjusted")),
    ),
)
