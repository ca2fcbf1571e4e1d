"""Expectations of the answers to surveys."""

from __future__ import annotations

from orchestration.quality.expectations import Suite, as_before, is_key, is_present

SUITE = Suite(
    "fct_answers",
    (
        *as_before("fct_answers"),
        *is_key("answer_id"),
        is_present("question"),
    ),
)
