"""Expectations of the raw rows' fate."""

from __future__ import annotations

from orchestration.quality.expectations import Suite, as_before, has_rows, never

#: Of a table's raw rows. The demo's known mistakes are below 0.01, a broken export sets
#: aside most of a table.
MOST_QUARANTINED = 0.1

SUITE = Suite(
    "int_row_counts",
    (
        has_rows(),
        *as_before("int_row_counts"),
        never(
            "counts_add_up",
            "Raw rows are accepted, quarantined or duplicates, and nothing else.",
            "count_raw <> count_accepted + count_quarantined + count_duplicates",
        ),
        never(
            "few_are_quarantined",
            f"At most {MOST_QUARANTINED:.0%} of a table's rows are quarantined.",
            f"count_quarantined > {MOST_QUARANTINED} * count_raw",
            "warning",
        ),
        never(
            "tables_are_not_empty",
            "Every table that a system should have has rows.",
            "count_raw = 0",
            "warning",
        ),
    ),
)
