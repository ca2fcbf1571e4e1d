from __future__ import annotations

import dagster as dg

from orchestration.quality.checks import (
    check_key,
    check_results,
    check_spec,
    quality_checks,
    selected,
)
from orchestration.quality.expectations import Suite, has_rows, is_key, is_present
from orchestration.quality.runner import Result
from orchestration.quality.suites import SUITES

CRITICAL, WARNING = has_rows(), is_present("customer_id", 0.5, "warning")
SUITE = Suite("fct_orders", (CRITICAL, WARNING))


def test_a_critical_check_blocks_and_a_warning_does_not() -> None:
    assert check_spec("fct_orders", CRITICAL).blocking
    assert not check_spec("fct_orders", WARNING).blocking


def test_a_failed_critical_check_is_an_error_and_a_failed_warning_warns() -> None:
    wanted = [check_key("fct_orders", check) for check in SUITE.checks]
    found = [Result("fct_orders", check, passed=False) for check in SUITE.checks]
    severities = {each.check_name: each.severity for each in check_results(wanted, found)}
    assert severities == {
        CRITICAL.name: dg.AssetCheckSeverity.ERROR,
        WARNING.name: dg.AssetCheckSeverity.WARN,
    }


def test_a_check_that_was_not_evaluated_has_failed() -> None:
    wanted = [check_key("fct_orders", check) for check in SUITE.checks]
    found = [Result("fct_orders", CRITICAL, passed=True)]
    passed = {each.check_name: each.passed for each in check_results(wanted, found)}
    assert passed == {CRITICAL.name: True, WARNING.name: False}


def test_only_the_wanted_checks_are_evaluated() -> None:
    other = Suite("dim_customers", is_key("customer_id"))
    wanted = {check_key("fct_orders", WARNING)}
    assert selected([SUITE, other], wanted) == [Suite("fct_orders", (WARNING,))]


def test_a_result_tells_numbers_and_no_rows() -> None:
    wanted = [check_key("fct_orders", CRITICAL)]
    found = [Result("fct_orders", CRITICAL, passed=False, observed=0, unexpected=None)]
    (told,) = check_results(wanted, found)
    assert {name: value.value for name, value in told.metadata.items()} == {"observed": 0}


def test_suites_of_tables_that_the_project_lacks_are_left_out() -> None:
    checks = quality_checks([dg.AssetKey("dim_segments")])
    assert {key.asset_key for key in checks.check_keys} == {dg.AssetKey("dim_segments")}
    assert len(checks.check_keys) == len(
        next(suite for suite in SUITES if suite.table == "dim_segments").checks
    )
