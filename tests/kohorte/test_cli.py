"""The command line, driven as a process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

KOHORTE = Path(sys.executable).with_name("kohorte")


def kohorte(
    *arguments: str, cwd: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(KOHORTE), *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_validate_counts_the_segments() -> None:
    result = kohorte("validate")
    assert result.returncode == 0, result.stderr
    assert re.fullmatch(r"\d+ segments, 3 audiences, no mistake\n", result.stdout)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "--systems", "shpo"), "did you mean shop?"),
        (("run", "--systems", ""), "no source system"),
        (("run", "--systems", "online_retail", "--raw", "/nowhere"), "no such folder"),
        (("run", "--systems", "shop", "--raw", "it's"), "has a quote, a brace or a wildcard"),
        (("run", "--systems", "shop", "--as-of", "{{ 1/0 }}"), "is not an instant"),
        (("validate", "--project-dir", "/"), "dbt_project.yml is not there"),
        (("validate", "--target", "prod"), "has no target `prod`"),
    ],
)
def test_a_users_mistake_is_a_sentence_and_status_1(
    arguments: tuple[str, ...], message: str
) -> None:
    result = kohorte(*arguments)
    assert result.returncode == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_summary_says_what_is_missing(tmp_path: Path) -> None:
    missing = kohorte("summary", KOHORTE_WAREHOUSE=str(tmp_path / "none.duckdb"))
    assert (missing.returncode, "make run" in missing.stderr) == (1, True)
    broken = tmp_path / "broken.duckdb"
    broken.write_bytes(b"no database at all")
    result = kohorte("summary", KOHORTE_WAREHOUSE=str(broken))
    assert (result.returncode, "Traceback" in result.stderr) == (1, False)


def test_summary_of_the_demo_names_every_segment(demo_warehouse: Path) -> None:
    result = kohorte("summary", KOHORTE_WAREHOUSE=str(demo_warehouse), COLUMNS="120")
    assert result.returncode == 0, result.stderr
    assert "high_spenders" in result.stdout
    assert "What to try next" in result.stdout
