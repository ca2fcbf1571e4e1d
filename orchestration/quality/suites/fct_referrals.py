"""Expectations of who brought whom."""

from __future__ import annotations

from orchestration.quality.expectations import Suite, as_before, is_key, never

SUITE = Suite(
    "fct_referrals",
    (
        *as_before("fct_referrals"),
        *is_key("referral_id"),
        never(
            "nobody_refers_themselves",
            "Nobody was referred by themselves.",
            "customer_id = referred_customer_id",
            "warning",
        ),
    ),
)
