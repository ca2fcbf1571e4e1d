"""Keeps in the build warehouse what the suites found, for publishing to go by."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from kohorte.project import warehouse_path
from kohorte.publishing.checks import Expectation, record_expectations

from orchestration.quality.runner import Result, run_suites


def check_warehouse(root: Path) -> list[Result]:
    """Evaluate and keep every check of the build warehouse of the project in a folder.

    Raises KohorteError when there is none, or another program has it open.
    """
    warehouse = warehouse_path(root)
    results = run_suites(warehouse)
    record_expectations(warehouse, recorded(results))
    return results


def recorded(results: Iterable[Result]) -> list[Expectation]:
    """Return results as publishing reads them."""
    return [
        Expectation(each.table, each.check.name, each.check.severity, each.passed, each.unexpected)
        for each in results
    ]
