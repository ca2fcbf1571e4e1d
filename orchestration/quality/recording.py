"""Keeps in the build warehouse what the suites found, for publishing to go by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kohorte.project import warehouse_path
from kohorte.publishing.checks import Expectation, is_in_order, record_expectations
from kohorte.publishing.files import opened

from orchestration.quality.expectations import Suite
from orchestration.quality.metrics import KEPT_DAYS, Unusual, accept, measure
from orchestration.quality.runner import Result, run_suites
from orchestration.quality.suites import SUITES

#: The table of the build warehouse that keeps what was found, run by run.
RESULTS = "rpt_quality_results"
_CREATE = f"""
create table if not exists {RESULTS} (
    as_of timestamp, table_name varchar, check_name varchar, description varchar,
    severity varchar, is_passed boolean, observed double, unexpected_rows bigint, reason varchar
)
"""


@dataclass(frozen=True)
class Findings:
    """What came of each check, and the numbers that are not like those before."""

    results: list[Result]
    unusual: list[Unusual]


def check_warehouse(root: Path, *, accepting: bool = False) -> Findings:
    """Evaluate and keep every check of the build warehouse of the project in a folder.

    With `accepting`, the numbers of this run are right, whatever those before were. Raises
    KohorteError when there is no warehouse, or another program has it open.
    """
    warehouse = warehouse_path(root)
    if accepting:
        measure(warehouse)
        accept(warehouse)
    return check(warehouse, SUITES)


def check(warehouse: Path, suites: Iterable[Suite], *, keep_others: bool = False) -> Findings:
    """Evaluate and keep checks; a run with nothing critical in its way is accepted.

    With `keep_others`, what was found of other checks stays in force. Raises KohorteError when
    there is no warehouse, or another program has it open.
    """
    unusual = measure(warehouse)
    results = run_suites(warehouse, suites)
    record_expectations(warehouse, recorded(results), keep_others=keep_others)
    _remember(warehouse, results)
    if is_in_order(warehouse):
        accept(warehouse)
    return Findings(results, unusual)


def _remember(warehouse: Path, results: Iterable[Result]) -> None:
    """Keep the results of each as_of in a table; those of another look replace them."""
    rows = [
        (
            each.table, each.check.name, each.check.description, each.check.severity,
            each.passed, each.observed, each.unexpected, each.reason or None,
        )
        for each in results
    ]  # fmt: skip
    with opened(warehouse, read_only=False) as connection:
        connection.execute("begin")
        connection.execute(_CREATE)
        for row in rows:
            connection.execute(
                f"delete from {RESULTS} where as_of = (select as_of from int_clock)"
                " and table_name = ? and check_name = ?",
                row[:2],
            )
            connection.execute(
                f"insert into {RESULTS} select as_of, ?, ?, ?, ?, ?, ?, ?, ? from int_clock", row
            )
        connection.execute(
            f"delete from {RESULTS}"
            f" where as_of < (select as_of from int_clock) - interval {KEPT_DAYS} day"
        )
        connection.execute("commit")


def recorded(results: Iterable[Result]) -> list[Expectation]:
    """Return results as publishing reads them."""
    return [
        Expectation(each.table, each.check.name, each.check.severity, each.passed, each.unexpected)
        for each in results
    ]
