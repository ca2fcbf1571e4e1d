"""An update, which evaluates anew only what may have changed, finds what a build finds."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kohorte.compiler import compile_specs
from kohorte.specs import read_specs

from tests.kohorte import harness
from tests.kohorte.engines import DuckDB, load
from tests.kohorte.test_truth import CHECKED
from tests.kohorte.worlds import documents, tables, worlds
from tests.reference.evaluator import World

CONDITIONS, WORDS = "int_segment_conditions__customer", "int_segment_words__customer"
_COUNTS = """
    create or replace table {name} as
    select customer_id, count(*) as count_rows
    from (
        select customer_id from fct_orders union all select customer_id from fct_events
    ) as counted
    where customer_id is not null
    group by customer_id
"""
#: The times between two evaluations: some edges pass something, some pass nothing.
STEPS = (
    dt.timedelta(0), dt.timedelta(seconds=2), dt.timedelta(hours=1), dt.timedelta(hours=25),
    dt.timedelta(days=6), dt.timedelta(days=31), dt.timedelta(days=400),
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("segments")


def compiled(document: dict[str, Any], world: World, folder: Path) -> dict[str, str]:
    (folder / "spec.yml").write_text(json.dumps(document), encoding="utf-8")
    return compile_specs(
        read_specs(folder, harness.catalog()), harness.catalog(), "duckdb", world.timezone
    )


def earlier(world: World, step: dt.timedelta, late: frozenset[int]) -> World:
    """Return a world as it was some time before, without rows that arrived since."""
    as_of = world.as_of - step
    seen = {
        name: replace(
            activity,
            rows=[
                row
                for number, row in enumerate(activity.rows)
                if row[activity.time] < as_of.replace(tzinfo=None) and number not in late
            ],
        )
        for name, activity in world.activities.items()
    }
    return replace(world, as_of=as_of, activities=seen)


def put(connection: duckdb.DuckDBPyConnection, world: World) -> None:
    """Create the tables of a world."""
    for name in tables(world):
        connection.execute(f"drop table if exists {name}")
    load(DuckDB(connection), tables(world))


def answers(
    connection: duckdb.DuckDBPyConnection, files: Mapping[str, str], conditions: str
) -> list[tuple[Any, ...]]:
    """Make the table of conditions, and return who is in which segment, packed."""
    connection.execute(f"create or replace table {CONDITIONS} as {conditions}")
    words = dict(harness.in_order(files))[WORDS]
    return connection.execute(f"from ({harness.render(words)}) order by all").fetchall()


def updating(text: str, timezone: str) -> str:
    """Return what dbt makes of the model of conditions in an update."""
    context = {
        "config": lambda **settings: "",
        "ref": lambda name: name,
        "answers_before": lambda evaluated_by: "answers_then",
        "union_refreshed": lambda key: "",
        "segment_state": lambda name: f"{name}_then",
        "local_timestamp": lambda column: f"timezone('{timezone}', timezone('UTC', {column}))",
    }
    return jinja2.Environment(autoescape=False).from_string(text).render(context)


@CHECKED
@given(
    document=documents(),
    world=worlds(),
    step=st.sampled_from(STEPS),
    late=st.frozensets(st.integers(0, 20), max_size=4),
)
def test_an_update_finds_what_a_build_finds(
    folder: Path,
    document: dict[str, Any],
    world: World,
    step: dt.timedelta,
    late: frozenset[int],
) -> None:
    files = compiled(document, world, folder)
    text = files.get(f"{CONDITIONS}.sql", "")
    if "answers_before" not in text:
        return
    whole = harness.render(dict(harness.in_order(files))[CONDITIONS])
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        put(connection, earlier(world, step, late))
        answers(connection, files, whole)
        connection.execute(f"create table answers_then as from {CONDITIONS}")
        connection.execute(_COUNTS.format(name="row_counts_then"))
        put(connection, world)
        connection.execute(_COUNTS.format(name="int_customer_row_counts"))
        built = answers(connection, files, whole)
        assert answers(connection, files, updating(text, world.timezone)) == built
