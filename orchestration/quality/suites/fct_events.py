"""Expectations of what people did on the site and in the app."""

from __future__ import annotations

from orchestration.quality.expectations import Suite, as_before, is_key, is_present, no_rows

SUITE = Suite(
    "fct_events",
    (
        *as_before("fct_events"),
        *is_key("event_id"),
        is_present("event_name"),
        no_rows(
            "nothing_comes_from_the_future",
            "Nothing happened at or after as_of.",
            "select 1 as unexpected from tested cross join int_clock where occurred_at >= as_of",
        ),
    ),
)
