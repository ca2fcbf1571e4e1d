"""Evaluates suites on a DuckDB file; knows nothing of Dagster."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kohorte.errors import KohorteError

from orchestration.quality.expectations import ROWS_OF_A_QUERY, Check, Suite
from orchestration.quality.suites import SUITES

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult

    from orchestration.quality.engine import DuckDBDatasource

#: Counts only: a result's examples could be somebody's address.
_RESULT_FORMAT = {"result_format": "SUMMARY", "partial_unexpected_count": 0}
_ERROR = re.compile(r"_duckdb\.(\w+)")


@dataclass(frozen=True)
class Result:
    """What came of one check.

    `observed` is the number that was found, if the check is about one; `unexpected` how
    many rows are not as they should be; `reason` why a check could not be evaluated.
    """

    table: str
    check: Check
    passed: bool
    observed: float | None = None
    unexpected: int | None = None
    reason: str = ""


def run_suites(path: Path, suites: Iterable[Suite] = SUITES) -> list[Result]:
    """Return a result for every check of the suites, evaluated on a DuckDB file.

    Raises KohorteError when there is no such file.
    """
    if not path.exists():
        raise KohorteError(f"there is no warehouse at {path} yet; run: make run")
    from orchestration.quality.engine import opened

    with opened(path) as source:
        return [result for suite in suites for result in _run(source, suite)]


def _run(source: DuckDBDatasource, suite: Suite) -> list[Result]:
    """Evaluate one suite."""
    import great_expectations as gx
    from great_expectations.datasource.fluent.interfaces import TestConnectionError

    try:
        table = source.add_table_asset(suite.table, table_name=suite.table)
    except TestConnectionError:
        return [_unevaluated(suite, check, "there is no such table") for check in suite.checks]
    batch = table.add_batch_definition_whole_table("whole").get_batch()
    expectations = gx.ExpectationSuite(name=suite.table)
    for check in suite.checks:
        expectations.add_expectation(_expectation(check))
    results = batch.validate(expectations, result_format=_RESULT_FORMAT).results
    by_name = {_name(result): result for result in results}
    return [_result(suite, check, by_name.get(check.name)) for check in suite.checks]


def _expectation(check: Check) -> Any:
    """Return Great Expectations' object for a check."""
    import great_expectations.expectations as gxe

    return getattr(gxe, check.expectation)(
        **check.arguments, severity=check.severity, meta={"check": check.name}
    )


def _name(result: ExpectationValidationResult) -> str:
    """Return the name of the check that a result belongs to."""
    config = result.expectation_config
    return str(config.meta["check"]) if config and config.meta else ""


def _result(suite: Suite, check: Check, found: ExpectationValidationResult | None) -> Result:
    """Return what Great Expectations found, without its examples."""
    if found is None:
        return _unevaluated(suite, check, "it was not evaluated")
    error = _error(found.exception_info or {})
    if error:
        return _unevaluated(suite, check, f"it could not be evaluated: {error}")
    observed = found.result.get("observed_value")
    number = observed if isinstance(observed, int | float) else None
    if check.expectation == ROWS_OF_A_QUERY and isinstance(number, int):
        return Result(suite.table, check, bool(found.success), unexpected=number)
    unexpected = found.result.get("unexpected_count")
    return Result(suite.table, check, bool(found.success), number, unexpected)


def _unevaluated(suite: Suite, check: Check, reason: str) -> Result:
    return Result(suite.table, check, passed=False, reason=reason)


def _error(info: Mapping[str, Any]) -> str:
    """Return the kind of an exception; its message could hold a value of the table."""
    each = [info] if "raised_exception" in info else info.values()
    for exception in each:
        if exception["raised_exception"]:
            kind = _ERROR.search(str(exception["exception_message"]))
            return kind[1] if kind else "Exception"
    return ""
