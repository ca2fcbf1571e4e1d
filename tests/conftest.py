"""Fixtures that several rooms' tests share."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent
DEMO_CUSTOMERS, DEMO_SEED = 2000, 7
DEMO_UNTIL = datetime.date(2026, 6, 30)


@pytest.fixture(scope="session")
def update_golden() -> bool:
    """Whether golden files are to be written anew (KOHORTE_UPDATE_GOLDEN=1)."""
    return os.environ.get("KOHORTE_UPDATE_GOLDEN") == "1"


@dataclass(frozen=True)
class Dbt:
    """Runs dbt on the project, with a warehouse and a target folder of its own."""

    folder: Path
    root: Path = ROOT

    @property
    def warehouse(self) -> Path:
        return self.folder / "kohorte.duckdb"

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "KOHORTE_WAREHOUSE": str(self.warehouse)}

    def __call__(
        self, command: str, *arguments: str, variables: dict[str, Any] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(command, arguments, variables or {}),
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def command(
        self, command: str, arguments: Sequence[str], variables: dict[str, Any]
    ) -> list[str]:
        dbt = Path(sys.executable).with_name("dbt")
        return [
            str(dbt), command, "--vars", json.dumps(variables),
            "--target-path", str(self.folder / "target"),
            "--log-path", str(self.folder / "logs"),
            "--warn-error-options", '{"error": ["Deprecations"]}',
            *arguments,
        ]  # fmt: skip


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that one process of the run has made; the others wait for it.

    A process that failed leaves it undone, and the next one tries again.
    """
    root = factory.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    folder, done = root / name, root / f"{name}.done"
    with FileLock(root / f"{name}.lock"):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def demo_raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The raw data of a small demo shop."""
    from kohorte.demo import generate

    def make(folder: Path) -> None:
        generate(folder / "shop", DEMO_CUSTOMERS, DEMO_SEED, DEMO_UNTIL)

    return once(tmp_path_factory, "demo_raw", make) / "shop"


@pytest.fixture(scope="session")
def demo_dbt(tmp_path_factory: pytest.TempPathFactory, demo_raw: Path) -> Dbt:
    """The small demo shop, built with every data and unit test."""

    def make(folder: Path) -> None:
        result = Dbt(folder)("build", variables={"raw": {"shop": str(demo_raw)}})
        assert result.returncode == 0, result.stdout[-4000:]

    return Dbt(once(tmp_path_factory, "demo", make))


@pytest.fixture(scope="session")
def demo_warehouse(demo_dbt: Dbt) -> Path:
    """The DuckDB file of the small demo shop."""
    return demo_dbt.warehouse
