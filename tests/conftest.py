"""Fixtures that several rooms' tests share."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from kohorte.dbt_runs import READ_FILE

from tests.dbt_again import RAW_OF_A_RUN

ROOT = Path(__file__).resolve().parent.parent
DEMO_CUSTOMERS, DEMO_SEED = 2000, 7
DEMO_UNTIL = datetime.date(2026, 6, 30)
#: Rooms whose tests run dbt, and take longest.
_SLOWEST = ("history", "orchestration", "project")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the slowest begin; what takes no time fills the gap at the end."""
    items.sort(key=lambda item: item.path.relative_to(ROOT / "tests").parts[0] not in _SLOWEST)


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
        return self._run(self.command(command, arguments, variables or {}))

    def again(
        self, command: str, *arguments: str, variables: dict[str, Any]
    ) -> subprocess.CompletedProcess[str]:
        """Run dbt on the project as another run of the session has read it.

        Reading it takes dbt longer than most runs, and it reads anew whenever a var changes.
        """
        read = read_once(variables)
        arguments = (*self.command(command, arguments, variables)[1:], "--no-write-json")
        return self._run([sys.executable, "-m", "tests.dbt_again", str(read), *arguments])

    def _run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
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


_NOT_READ_WITH_PROJECT = ("raw", "as_of", "timezone", "currency")
_factory: list[pytest.TempPathFactory] = []


@pytest.fixture(scope="session", autouse=True)
def _have_a_place(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have a place for what dbt reads of the project."""
    _factory.append(tmp_path_factory)


def read_once(variables: Mapping[str, Any]) -> Path:
    """Return the file that dbt keeps what it read of the project in.

    Some vars speak first when a model is compiled, in the run itself.
    """
    systems = variables.get("systems", ["shop"])
    kept = {name: value for name, value in variables.items() if name not in _NOT_READ_WITH_PROJECT}
    kept["raw"] = {system: f"{RAW_OF_A_RUN}/{system}" for system in systems}
    name = f"read_{sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:16]}"

    def make(folder: Path) -> None:
        result = Dbt(folder)("parse", variables=kept)
        assert result.returncode == 0, result.stdout[-4000:]

    return once(_factory[0], name, make) / "target" / READ_FILE


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
