"""Expectations of the segments' sizes."""

from __future__ import annotations

from orchestration.quality.expectations import Suite, has_rows, is_between, is_key, never

SUITE = Suite(
    "dim_segments",
    (
        has_rows(),
        *is_key("segment"),
        is_between("share_of_customers", 0, 1),
        never(
            "members_are_as_many_as_expected",
            "Every segment has as many members as its spec expects.",
            "members < expected_min_members or members > expected_max_members",
        ),
        never("none_is_empty", "Every segment has a member.", "members = 0", "warning"),
        never(
            "none_is_everybody",
            "No segment has all customers in it.",
            "share_of_customers >= 1",
            "warning",
        ),
    ),
)
