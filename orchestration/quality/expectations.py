"""How a suite says what it expects, without loading Great Expectations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

#: A critical failure stops what comes after; a warning is shown.
Severity = Literal["critical", "warning"]
#: The expectation whose observed value is the number of unexpected rows.
ROWS_OF_A_QUERY = "UnexpectedRowsExpectation"
AS_BEFORE, NOT_FAR_OFF = "numbers_are_as_before", "numbers_are_not_far_off"


@dataclass(frozen=True)
class Check:
    """One expectation: its name, what it says, and the class that evaluates it."""

    name: str
    description: str
    severity: Severity
    expectation: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Suite:
    """All that is expected of one table."""

    table: str
    checks: tuple[Check, ...]


def has_rows() -> Check:
    """Expect at least one row."""
    return Check(
        "has_rows", "There is at least one row.", "critical",
        "ExpectTableRowCountToBeBetween", {"min_value": 1},
    )  # fmt: skip


def is_key(column: str) -> tuple[Check, Check]:
    """Expect a column to name each row."""
    return (
        Check(
            f"{column}_is_unique", f"No two rows have the same {column}.", "critical",
            "ExpectColumnValuesToBeUnique", {"column": column},
        ),
        is_present(column),
    )  # fmt: skip


def is_present(column: str, share: float = 1.0, severity: Severity = "critical") -> Check:
    """Expect a column to have a value, in at least a share (0 to 1) of the rows."""
    rows = "every row" if share == 1 else f"at least {share:.0%} of the rows"
    return Check(
        f"{column}_is_present", f"There is a {column} in {rows}.", severity,
        "ExpectColumnValuesToNotBeNull", {"column": column, "mostly": share},
    )  # fmt: skip


def is_between(
    column: str, low: float | None, high: float | None, severity: Severity = "critical"
) -> Check:
    """Expect a column's values, where there are any, to be in a range, both ends in."""
    bounds = [f"at least {low}"] * (low is not None) + [f"at most {high}"] * (high is not None)
    return Check(
        f"{column}_is_in_range", f"{column} is {' and '.join(bounds)}.", severity,
        "ExpectColumnValuesToBeBetween",
        {"column": column, "min_value": low, "max_value": high},
    )  # fmt: skip


def is_one_of(column: str, values: Collection[str], severity: Severity = "critical") -> Check:
    """Expect a column's values, where there are any, to be from a list."""
    return Check(
        f"{column}_is_known", f"{column} is one of {', '.join(values)}.", severity,
        "ExpectColumnValuesToBeInSet", {"column": column, "value_set": list(values)},
    )  # fmt: skip


def has_form(column: str, pattern: str, severity: Severity = "warning") -> Check:
    """Expect a column's values, where there are any, to match a pattern as a whole."""
    return never(
        f"{column}_has_the_right_form", f"{column} looks as it should.",
        f"not regexp_full_match({column}, '{pattern}')", severity,
    )  # fmt: skip


def never(name: str, description: str, condition: str, severity: Severity = "critical") -> Check:
    """Expect a condition to be true for no row."""
    query = f"select 1 as unexpected from tested where {condition}"
    return no_rows(name, description, query, severity)


def no_rows(name: str, description: str, query: str, severity: Severity = "critical") -> Check:
    """Expect a query to return nothing; `tested` is the suite's table in it.

    Great Expectations counts the rows and fetches some: select no personal data.
    """
    literal = query.replace("{", "{{").replace("}", "}}")
    return Check(
        name, description, severity, ROWS_OF_A_QUERY,
        {"unexpected_rows_query": f"with tested as (select * from {{batch}}) {literal}"},
    )  # fmt: skip


def as_before(table: str) -> tuple[Check, Check]:
    """Expect a table's numbers to be like those before, as `orchestration.quality.metrics` says.

    Numbers that are unusual warn; numbers that are far off block.
    """
    query = (
        "select 1 as unexpected from rpt_quality_metrics as metrics"
        f" inner join int_clock using (as_of) where table_name = '{table}' and state = "
    )
    return (
        no_rows(
            AS_BEFORE, "Its numbers are like those of the days and the run before.",
            f"{query}'unusual'", "warning",
        ),
        no_rows(
            NOT_FAR_OFF, "None of its numbers is far from those before.", f"{query}'extreme'",
        ),
    )  # fmt: skip
