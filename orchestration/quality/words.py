"""What a person is told of the results of checks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from orchestration.quality.expectations import AS_BEFORE, NOT_FAR_OFF
from orchestration.quality.runner import Result

if TYPE_CHECKING:
    from orchestration.quality.metrics import Unusual


def is_critical(result: Result) -> bool:
    """Tell whether a result keeps the marts from being published."""
    return not result.passed and result.check.severity == "critical"


def failure_lines(results: Sequence[Result], unusual: Sequence[Unusual] = ()) -> Iterator[str]:
    """Yield a line for every check that did not pass, the critical ones first.

    Below a check of numbers stand those that are not as before.
    """
    failed = [each for each in results if not each.passed]
    for result in sorted(failed, key=lambda each: not is_critical(each)):
        line = f"{result.check.severity}: {result.table}: {result.check.description}"
        yield f"{line} ({found_words(result)})"
        yield from (f"  {each}" for each in unusual_lines(result, unusual))


def unusual_lines(result: Result, unusual: Sequence[Unusual]) -> Iterator[str]:
    """Yield a line for every number that a check did not pass because of."""
    if result.passed or result.check.name not in (AS_BEFORE, NOT_FAR_OFF):
        return
    for each in unusual:
        if each.table == result.table and each.is_extreme == (result.check.name == NOT_FAR_OFF):
            day = f"on {each.begins_at:%Y-%m-%d}, " if each.begins_at else ""
            limits = f"{_number(each.low)} and {_number(each.high)}"
            yield f"{day}{each.metric}: {_number(each.value)}, expected between {limits}"


def _number(value: float) -> str:
    """Return a number with as many places as it takes to tell it from others."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def found_words(result: Result) -> str:
    """Return what was found: rows that are not as they should be, a number, or a reason."""
    if result.reason:
        return result.reason
    if result.unexpected is not None:
        return f"{result.unexpected:,} {'row is' if result.unexpected == 1 else 'rows are'} not so"
    return "passed" if result.passed else f"found {result.observed}"


def summary_line(results: Sequence[Result]) -> str:
    """Return how many checks passed, warn and block."""
    passed = sum(each.passed for each in results)
    blocking = sum(is_critical(each) for each in results)
    warnings = len(results) - passed - blocking
    return f"{passed:,} of {len(results):,} checks passed, {warnings:,} warn, {blocking:,} block"
