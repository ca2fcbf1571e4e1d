"""What a person is told of the results of checks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestration.quality.runner import Result


def is_critical(result: Result) -> bool:
    """Tell whether a result keeps the marts from being published."""
    return not result.passed and result.check.severity == "critical"


def failure_lines(results: Sequence[Result]) -> Iterator[str]:
    """Yield a line for every check that did not pass, the critical ones first."""
    failed = [each for each in results if not each.passed]
    for result in sorted(failed, key=lambda each: not is_critical(each)):
        line = f"{result.check.severity}: {result.table}: {result.check.description}"
        yield f"{line} ({found_words(result)})"


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
