"""Expectations of the accounts as they come in."""

from __future__ import annotations

from orchestration.quality.expectations import Suite, as_before

SUITE = Suite("int_customers_checked", as_before("int_customers_checked"))
