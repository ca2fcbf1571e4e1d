"""The real extracts, built once for all tests that ask for them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import ROOT, Dbt, once

MODELS = ("fct_orders", "fct_order_lines", "fct_events", "fct_messages", "dim_customers")


class Warehouse:
    """Asks one built warehouse, opened anew for every question."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.path), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def row(self, query: str) -> tuple[Any, ...]:
        (row,) = self.rows(query)
        return row

    def counts(self) -> dict[tuple[str, str], tuple[int, int, int, int]]:
        """Raw, accepted, quarantined and duplicate rows by system and table."""
        return {
            (system, table): (raw, accepted, quarantined, duplicates)
            for system, table, raw, accepted, quarantined, duplicates in self.rows(
                """select system, table_name, count_raw, count_accepted,
                    count_quarantined, count_duplicates from int_row_counts"""
            )
        }


def built(
    folder: Path,
    shared_data: Path,
    systems: Sequence[str],
    currency: str,
    without: Sequence[str] = ("unit_test",),
    models: Sequence[str] = MODELS,
) -> Warehouse:
    """Build the marts of some systems."""
    dbt = Dbt(folder)
    result = dbt.again(
        "build",
        "--select", "+int_row_counts", *(f"+{model}" for model in models),
        "--indirect-selection", "cautious",
        "--exclude-resource-type", *without,
        variables={
            "systems": list(systems),
            "raw": {system: str(shared_data / system) for system in systems},
            "currency": currency,
        },
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-4000:]
    return Warehouse(dbt.warehouse)


def built_once(
    factory: pytest.TempPathFactory, shared_data: Path, system: str, currency: str
) -> Warehouse:
    """Build the marts of a system, attributes too; other processes of the run wait for it."""
    models = (*MODELS, "dim_customer_features")

    def make(folder: Path) -> None:
        built(folder, shared_data, [system], currency, models=models)

    return Warehouse(Dbt(once(factory, system, make)).warehouse)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of the real extracts."""
    named = os.environ.get("KOHORTE_SHARED_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there; name the real data with KOHORTE_SHARED_DATA")
    return folder.resolve()


@pytest.fixture(scope="session")
def online_retail(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Warehouse:
    """A wholesaler's invoices."""
    return built_once(tmp_path_factory, shared_data, "online_retail", "GBP")


@pytest.fixture(scope="session")
def complete_journey(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Warehouse:
    """A grocer's loyalty card households."""
    return built_once(tmp_path_factory, shared_data, "complete_journey", "USD")
