"""dbt in this process gives the warehouse back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dbt.adapters.duckdb.environments.local import LocalEnvironment

from tests.history.shop import Customer, Shop


def test_a_warehouse_is_closed_although_something_refers_to_its_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[LocalEnvironment] = []
    handle = LocalEnvironment.handle

    def keeping(self: LocalEnvironment) -> Any:
        kept.append(self)
        return handle(self)

    monkeypatch.setattr(LocalEnvironment, "handle", keeping)
    shop = Shop(tmp_path).create()
    shop.customers = {"ann": Customer(10)}
    shop.declare({"buyers": {"where": {"revenue": {"gte": 1}}}})
    shop.built("2026-01-01")
    assert kept
    assert shop.members("buyers") == {"ann"}
