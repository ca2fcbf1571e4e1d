from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from orchestration.quality.runner import run_suites
from orchestration.transform.resources import Warehouse, retried_while_busy
from tests.orchestration.small_warehouse import make_warehouse

_HOLD = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Path]:
    """A warehouse that another process is writing to."""
    path = make_warehouse(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield path
    process.communicate()


def test_a_query_that_meets_a_writer_is_asked_to_be_repeated(held: Path) -> None:
    with pytest.raises(dg.RetryRequested), retried_while_busy():
        duckdb.connect(str(held), read_only=True)


def test_suites_that_meet_a_writer_are_asked_to_be_repeated(held: Path) -> None:
    with pytest.raises(dg.RetryRequested), retried_while_busy():
        run_suites(held)


def test_nothing_else_is_repeated() -> None:
    with pytest.raises(ValueError, match="wrong"), retried_while_busy():
        raise ValueError("wrong")


def test_the_environment_moves_the_warehouse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = Warehouse(project_dir=str(tmp_path))
    monkeypatch.delenv("KOHORTE_WAREHOUSE", raising=False)
    assert warehouse.path == tmp_path / "warehouse" / "kohorte.duckdb"
    monkeypatch.setenv("KOHORTE_WAREHOUSE", "/elsewhere/kohorte.duckdb")
    assert warehouse.path == Path("/elsewhere/kohorte.duckdb")


def test_a_query_leaves_the_file_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_warehouse(tmp_path)
    monkeypatch.setenv("KOHORTE_WAREHOUSE", str(path))
    warehouse = Warehouse(project_dir=str(tmp_path))
    assert warehouse.rows("select count(*) from fct_orders") == [(3,)]
    duckdb.connect(str(path)).close()
