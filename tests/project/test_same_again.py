"""The same data, specs and as_of give the same tables, to the row.

But not `check_results`: what was tested is another matter.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.conftest import Dbt

WITHOUT_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory, demo_raw: Path) -> Path:
    """A second warehouse, built on another number of threads."""
    dbt = Dbt(tmp_path_factory.mktemp("again"))
    result = dbt.again(
        "build", *WITHOUT_TESTS, "--threads", "1", variables={"raw": {"shop": str(demo_raw)}}
    )
    assert result.returncode == 0, result.stdout[-4000:]
    return dbt.warehouse


def test_two_builds_give_identical_tables(demo_warehouse: Path, again: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{demo_warehouse}' as one (read_only)")
        connection.execute(f"attach '{again}' as other (read_only)")
        names = {
            schema: {
                name
                for (name,) in connection.execute(
                    """select table_name from duckdb_tables()
                    where database_name = ? and table_name <> 'check_results'""",
                    [schema],
                ).fetchall()
            }
            for schema in ("one", "other")
        }
        assert names["one"] == names["other"]
        assert len(names["one"]) > 30
        different = [
            name
            for name in sorted(names["one"])
            for differences in connection.execute(
                f"""
                select count(*) from (
                    (select * from one.main.{name} except all select * from other.main.{name})
                    union all
                    (select * from other.main.{name} except all select * from one.main.{name})
                )
                """
            ).fetchone()
            or ()
            if differences
        ]
    assert different == []
