"""Golden cases: a spec, and the SQL that it becomes."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.kohorte import harness
from tests.kohorte.engines import DuckDB, load, run_models
from tests.kohorte.worlds import no_rows

DIALECTS = ("duckdb", "postgres", "spark")
CASES = sorted(path.parent for path in (harness.HERE / "cases").glob("*/segments.yml"))


def _sql(files: dict[str, str], *, has_audiences: bool) -> str:
    """Return the models in which conditions and audiences show, one after the other."""
    names = sorted(
        name
        for name in files
        if name.endswith(".sql")
        and "members" not in name
        and (has_audiences or "audience" not in name)
    )
    return "\n".join(f"-- {name}\n{files[name]}" for name in names)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_spec_compiles_to_the_expected_sql(case: Path, dialect: str, update_golden: bool) -> None:
    expected = case / f"expected.{dialect}.sql"
    has_audiences = bool(harness.read(case).audiences)
    sql = _sql(harness.compile_folder(case, dialect), has_audiences=has_audiences)
    if update_golden:
        expected.write_text(sql, encoding="utf-8")
    assert sql == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_compiled_sql_runs(case: Path) -> None:
    with duckdb.connect() as connection:
        engine = DuckDB(connection)
        load(engine, no_rows())
        run_models(engine, harness.compile_folder(case))
        assert all(not found for found in harness.members(engine).values())
