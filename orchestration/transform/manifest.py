"""The dbt manifest that assets are made from, parsed anew when the project changed."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dagster_dbt import DbtProject
from filelock import FileLock
from kohorte.errors import KohorteError
from kohorte.project import GENERATED_FOLDER

from orchestration.transform.arguments import parse_arguments

#: Not dbt's own target folder: there, a build with other vars leaves another manifest.
TARGET = Path("target/dagster")
#: What decides the manifest.
_SOURCES = (
    ".dbtignore", "dbt_project.yml", "profiles.yml", "models", "macros", "seeds",
    "segments", "tests/data", "tests/generic",
)  # fmt: skip
_SETTINGS = ("DBT_", "KOHORTE_")
#: Seconds to wait for another process that parses the same project.
_PATIENCE = 300


def dbt_project(root: Path) -> DbtProject:
    """Return the dbt project in a folder, as Dagster knows it."""
    return DbtProject(root, target_path=TARGET, profiles_dir=root)


def dbt_executable() -> Path:
    """Return the dbt that is installed beside this Python."""
    return Path(sys.executable).with_name("dbt")


def prepared_manifest(root: Path) -> dict[str, Any]:
    """Return the project's manifest, parsed anew when it is missing or stale.

    Raises KohorteError with what dbt said when it cannot parse the project.
    """
    target = root / TARGET
    target.mkdir(parents=True, exist_ok=True)
    with FileLock(target / "manifest.lock", timeout=_PATIENCE):
        record = target / "manifest.fingerprint"
        current = fingerprint(root)
        manifest = target / "manifest.json"
        if not (manifest.exists() and record.exists() and record.read_text() == current):
            record.unlink(missing_ok=True)
            _parse(root, target)
            record.write_text(current)
        content: dict[str, Any] = json.loads(manifest.read_bytes())
    return content


def fingerprint(root: Path) -> str:
    """Return a hash of the sizes and times of all files that decide the manifest."""
    digest = hashlib.sha256(version("dbt-core").encode())
    for name in sorted(name for name in os.environ if name.startswith(_SETTINGS)):
        digest.update(f"{name}={os.environ[name]}\n".encode())
    for path in _source_files(root):
        status = path.stat()
        line = f"{path.relative_to(root)} {status.st_size} {status.st_mtime_ns}\n"
        digest.update(line.encode())
    return digest.hexdigest()


def _source_files(root: Path) -> Iterator[Path]:
    """Yield the files that decide the manifest, but not what is made from them."""
    for name in _SOURCES:
        source = root / name
        for path in sorted(source.rglob("*")) if source.is_dir() else [source]:
            if path.is_file() and path.suffix != ".pyc" and not _is_generated(path, root):
                yield path


def _is_generated(path: Path, root: Path) -> bool:
    return root / GENERATED_FOLDER in path.parents


def _parse(root: Path, target: Path) -> None:
    """Run `dbt parse`."""
    done = subprocess.run(
        [str(dbt_executable()), *parse_arguments(root, target)],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise KohorteError(f"dbt cannot read the project in {root}\n{done.stdout}{done.stderr}")
