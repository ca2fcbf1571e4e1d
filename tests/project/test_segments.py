"""The sample segments on the demo shop, and what a broken one does to a build."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import duckdb
import pytest

from tests.conftest import ROOT, Dbt

PARTS = ("models", "macros", "seeds", "segments", "dbt_project.yml", "profiles.yml", ".dbtignore")


def copy_of_project(root: Path) -> Path:
    """Make a copy of the project that a test may spoil, and return its folder."""
    root.mkdir()
    for name in PARTS:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, root / name)
    shutil.copytree(ROOT / "tests" / "generic", root / "tests" / "generic")
    return root


@pytest.fixture
def copied(tmp_path: Path) -> Dbt:
    """A copy of the project that a test may spoil."""
    return Dbt(tmp_path, copy_of_project(tmp_path / "project"))


def test_no_sample_segment_is_empty_and_none_is_everybody(demo_warehouse: Path) -> None:
    with duckdb.connect(str(demo_warehouse), read_only=True) as connection:
        shares = dict(
            connection.execute("select segment, share_of_customers from dim_segments").fetchall()
        )
    assert len(shares) >= 20
    assert {name for name, share in shares.items() if share in (0, 1)} == set()


def test_tables_of_segments_agree(demo_warehouse: Path) -> None:
    with duckdb.connect(str(demo_warehouse), read_only=True) as connection:
        found = connection.execute(
            """
            select
                (select count(*) from fct_segment_members),
                (select sum(members) from dim_segments),
                (select sum(count_segments) from dim_customer_segments),
                (select sum(len(segments)) from dim_customer_segments)
            """
        ).fetchone()
    assert found is not None
    assert found[0] > 0
    assert set(found) == {found[0]}


def test_a_wrong_attribute_stops_the_build_before_the_warehouse(copied: Dbt) -> None:
    copied.warehouse.write_bytes(b"untouched")
    before = hashlib.sha256(copied.warehouse.read_bytes()).hexdigest()
    spec = copied.root / "segments" / "new.yml"
    spec.write_text(
        "version: 1\nsegments:\n  mine:\n    where:\n      - last_ordr_at: {within: 1 day}\n"
    )
    result = copied("build")
    assert result.returncode != 0
    assert (
        "segments/new.yml:5:9: there is no attribute or condition `last_ordr_at`" in result.stdout
    )
    assert "did you mean: last_order_at" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr
    assert hashlib.sha256(copied.warehouse.read_bytes()).hexdigest() == before


def test_a_project_without_specs_is_left_alone(copied: Dbt) -> None:
    shutil.rmtree(copied.root / "segments")
    for room in ("segments", "audiences", "insights"):
        shutil.rmtree(copied.root / "models" / "marts" / room)
    for about_segments in ("exposures.yml", "metrics.yml"):
        (copied.root / "models" / "marts" / about_segments).unlink()
    result = copied("parse")
    assert result.returncode == 0, result.stdout
    assert not (copied.root / "models" / "marts" / "segments").exists()


def test_specs_of_nobody_still_build(copied: Dbt) -> None:
    for spec in (copied.root / "segments").iterdir():
        spec.unlink()
    result = copied("parse")
    assert result.returncode == 0, result.stdout
    generated = copied.root / "models" / "marts" / "segments" / "generated"
    assert (generated / "int_segment_definitions.sql").exists()


def test_a_change_in_the_specs_changes_only_what_it_must(copied: Dbt) -> None:
    generated = copied.root / "models" / "marts" / "segments" / "generated"
    assert copied("parse").returncode == 0
    before = {path.name: path.stat().st_mtime_ns for path in generated.iterdir()}
    assert copied("parse").returncode == 0
    assert {path.name: path.stat().st_mtime_ns for path in generated.iterdir()} == before
