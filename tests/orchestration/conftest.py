"""A copy of the project that reads a small demo shop, loaded and built by Dagster."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

ROOT = Path(__file__).resolve().parents[2]
_FOLDERS = ("models", "macros", "seeds", "segments", "tests/data", "tests/generic")
_FILES = (".dbtignore", "dbt_project.yml", "profiles.yml")


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory, demo_raw: Path) -> Path:
    """The folder of the copy, so that nothing is written to the project itself."""
    copy = tmp_path_factory.mktemp("orchestration") / "project"
    ignored = shutil.ignore_patterns("generated", "__pycache__", "kohorte", "dbt_kohorte")
    for name in _FOLDERS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    for name in _FILES:
        shutil.copy(ROOT / name, copy / name)
    (copy / "raw").mkdir()
    (copy / "raw" / "shop").symlink_to(demo_raw)
    return copy


@pytest.fixture(scope="session")
def warehouse(project: Path) -> Iterator[Path]:
    """The DuckDB file that a build of the copy makes, folder and all."""
    with pytest.MonkeyPatch.context() as patch:
        path = project / "warehouse" / "kohorte.duckdb"
        patch.setenv("KOHORTE_WAREHOUSE", str(path))
        yield path


@pytest.fixture(scope="session")
def location(project: Path, warehouse: Path) -> dg.Definitions:
    """What Dagster loads of the copy."""
    from orchestration.definitions import build_definitions

    return build_definitions(project)


@pytest.fixture(scope="session")
def built(location: dg.Definitions) -> dg.ExecuteInProcessResult:
    """The run of the job that builds everything."""
    return location.resolve_job_def("build").execute_in_process(
        instance=dg.DagsterInstance.ephemeral()
    )
