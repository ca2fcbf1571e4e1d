"""Expectations of what people agreed to."""

from __future__ import annotations

from orchestration.quality.expectations import Suite, as_before, is_key, is_one_of

SUITE = Suite(
    "fct_consents",
    (
        *as_before("fct_consents"),
        *is_key("consent_id"),
        is_one_of("channel", ("email", "sms", "push", "post")),
    ),
)
