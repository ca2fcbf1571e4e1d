"""Expectations of the messages that people were sent."""

from __future__ import annotations

from orchestration.quality.expectations import Suite, as_before, is_key, is_one_of, never

SUITE = Suite(
    "fct_messages",
    (
        *as_before("fct_messages"),
        *is_key("message_id"),
        is_one_of("channel", ("email", "sms", "push", "post")),
        never(
            "who_clicked_was_sent_it_before",
            "Nobody opened or clicked a message before it was sent.",
            "opened_at < sent_at or clicked_at < sent_at",
            "warning",
        ),
    ),
)
