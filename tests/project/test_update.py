"""New events reach readers of the demo shop without a build of everything."""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from kohorte.project import serving_path
from kohorte.publishing.publish import publish
from kohorte.refreshing.refresh import refresh
from kohorte.update import update

from tests.conftest import ROOT, Dbt

#: A step in the hour after the build, one that is there already, and one
#: that is later than updates look for.
_LANDED = """
    copy (
        select * exclude (number) replace (
            case number when 2 then event_no else 'N' || number end as event_no,
            case number
                when 1 then timestamp '2026-07-01 00:30:00'
                when 3 then timestamp '2026-06-01 00:30:00'
                else happened_at
            end as happened_at
        )
        from (
            select *, row_number() over (order by happened_at desc) as number
            from '{raw}/web_events/*.parquet'
            where account_no is not null
        )
        where number <= 3
    ) to '{raw}/web_events/part-00009.parquet' (format parquet);
    copy (
        select * replace (timestamp '2026-07-01 01:00:00' as covers_until)
        from '{raw}/exports/*.parquet'
    ) to '{raw}/exports/part-00009.parquet' (format parquet);
"""


def read(query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(serving_path(ROOT, private=False)), read_only=True) as connection:
        return connection.execute(query).fetchall()


def move(warehouse: Path, raw: Path, copy: Path) -> None:
    """Let the views of a warehouse read a copy of the raw files."""
    with duckdb.connect(str(warehouse)) as connection:
        for (sql,) in connection.sql(
            "select sql from duckdb_views() where not internal"
        ).fetchall():
            if str(raw) in sql:
                moved = sql.replace("CREATE VIEW", "CREATE OR REPLACE VIEW", 1)
                connection.execute(moved.replace(str(raw), str(copy)))


#: What an update finds without looking at everybody. A row may say that nothing is met.
_FOUND = {
    "int_customer_row_counts": "customer_id, profile_hash, count_events, count_rows",
    "(from int_segment_conditions__customer where conditions_0 <> 0)": "*",
    "int_segment_words__customer": "*",
}

_MADE = ("int_customer_row_counts", "int_segment_conditions__customer",
         "int_segment_words__customer")  # fmt: skip


def found(warehouse: Path) -> dict[str, list[tuple[Any, ...]]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return {
            name: connection.execute(
                f"select {columns} from {name} order by customer_id"
            ).fetchall()
            for name, columns in _FOUND.items()
        }


def assert_found_by_a_build_as_well(folder: Path, raw: Path) -> None:
    """Look at everybody, in a copy of the warehouse, and compare."""
    compiled = ROOT / "target/update/compiled/kohorte/models/marts/segments/generated"
    text = (compiled / "int_segment_conditions__customer.sql").read_text(encoding="utf-8")
    assert "clock_before" in text, "everybody was looked at"
    dbt = Dbt(folder / "again")
    dbt.folder.mkdir()
    shutil.copy(folder / "kohorte.duckdb", dbt.warehouse)
    before = found(dbt.warehouse)
    done = dbt.again("run", "--select", *_MADE, variables={"raw": {"shop": str(raw)}})
    assert done.returncode == 0, done.stdout
    built = found(dbt.warehouse)
    assert before == built


def test_new_events_reach_readers(
    tmp_path: Path, demo_warehouse: Path, demo_raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOHORTE_WAREHOUSE", str(tmp_path / "kohorte.duckdb"))
    shutil.copy(demo_warehouse, tmp_path / "kohorte.duckdb")
    raw = shutil.copytree(demo_raw, tmp_path / "raw")
    move(tmp_path / "kohorte.duckdb", demo_raw, raw)
    publish(ROOT)
    counts = "select count(*), max(occurred_at) from fct_events"
    ((events, newest),) = read(counts)
    features = read("from dim_customer_features order by all limit 50")
    with duckdb.connect() as connection:
        connection.execute(_LANDED.format(raw=raw))

    done = update(ROOT, {"raw": {"shop": str(raw)}})

    assert newest < datetime.datetime(2026, 7, 1)
    assert read(counts) == [(events + 1, datetime.datetime(2026, 7, 1, 0, 30))]
    assert (done.publication.generation, done.publication.as_of) == (
        2, datetime.datetime(2026, 7, 1, 1),
    )  # fmt: skip
    assert read("select distinct as_of from fct_segment_members") == [(done.publication.as_of,)]
    moved = read(
        "select count(*), list(distinct because) from fct_segment_transitions"
        f" where happened_at = timestamp '{done.publication.as_of}'"
    )
    assert {*(moved[0][1] or ())} <= {"activity", "time"}
    assert read("from dim_customer_features order by all limit 50") == features
    assert_found_by_a_build_as_well(tmp_path, raw)
    parts = serving_path(ROOT, private=False).parent / "current" / "fct_events"
    assert len([*parts.glob("*.parquet")]) == 2

    refreshed = refresh(ROOT, {"raw": {"shop": str(raw)}})

    # The step that came too late for an update.
    assert read(counts) == [(events + 2, datetime.datetime(2026, 7, 1, 0, 30))]
    assert refreshed.publication.generation == 3
    assert 0 < refreshed.touched < refreshed.customers
    assert read("select max(last_seen_at) from dim_customer_features") == [
        (datetime.datetime(2026, 7, 1, 0, 30),)
    ]
    assert len([*parts.glob("*.parquet")]) == 1
