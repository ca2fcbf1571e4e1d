"""Hand-written specs on real shops' data: who is found, against the reference evaluator.

The conditions on lines are compared for a quarter of the customers, since the reference
reads every row in plain Python. All else is compared for everybody.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
import yaml
from kohorte.catalog import read_catalog
from kohorte.compiler import compile_specs
from kohorte.specs import read_specs

from tests.conftest import ROOT
from tests.kohorte import harness
from tests.kohorte.worlds import bucket
from tests.project.conftest import Warehouse
from tests.reference.evaluator import Activity, World, evaluate, variants

SPECS = Path(__file__).parent / "real_segments"
FEATURES = "dim_customer_features"
#: The shops' own wall clocks, which change to summer time within the data.
ZONES = {"complete_journey": "America/New_York", "online_retail": "Europe/London"}
#: Activity: its table, its time and its type.
ACTIVITIES: dict[str, tuple[str, str, str | None]] = {
    "orders": ("fct_orders", "ordered_at", None),
    "order_lines": ("fct_order_lines", "ordered_at", None),
    "messages": ("fct_messages", "sent_at", "channel"),
}
#: The first digits of md5 that a quarter of all keys have.
QUARTER = "0123"
_KINDS = {
    "VARCHAR": "text", "BOOLEAN": "boolean", "DATE": "date", "TIMESTAMP": "timestamp",
    "VARCHAR[]": "list",
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """Who the compiled specs of a shop find, what they are asked, and the shop's rows."""

    members: Mapping[str, set[str]]
    variants: Mapping[str, dict[str, str]]
    documents: Mapping[str, dict[str, Any]]
    world: World = field(repr=False)

    def of(self, document: dict[str, Any]) -> dict[str, set[str]]:
        """Return the members of what one file declares."""
        names = set(document.get("segments", {}))
        names |= {
            f"{k}__{tier}" for k, v in document.get("ladders", {}).items() for tier in v["tiers"]
        }
        for name, waterfall in document.get("waterfalls", {}).items():
            names |= {f"{name}__{branch}" for branch in waterfall["first_match"]}
        return {name: self.members[name] for name in names}


@pytest.fixture(scope="module", params=sorted(ZONES))
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Found:
    system: str = request.param
    warehouse: Warehouse = request.getfixturevalue(system)
    folder = tmp_path_factory.mktemp("specs") / "segments"
    folder.mkdir()
    documents = {}
    for path in SPECS.glob(f"{system}*.yml"):
        shutil.copy(path, folder)
        documents[path.stem] = yaml.safe_load(path.read_text(encoding="utf-8"))
    with duckdb.connect() as connection:
        world = _world(connection, warehouse, ZONES[system])
        catalog = replace(read_catalog(ROOT), lists=frozenset(world.lists))
        specs = read_specs(folder, catalog)
        harness.run_models(connection, compile_specs(specs, catalog, "duckdb", world.timezone))
        members, split = harness.members(connection), harness.variants(connection)
    return Found(members, split, documents, world)


def _world(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, timezone: str) -> World:
    """Show the warehouse's marts to compiled models, and return them as rows."""
    connection.execute(f"attach '{warehouse.path}' as warehouse (read_only)")
    (as_of,) = _fetch(connection, "select as_of from warehouse.int_clock")
    instant = as_of["as_of"].replace(tzinfo=UTC)
    local = instant.astimezone(ZoneInfo(timezone)).replace(tzinfo=None)
    connection.execute(
        "create table int_clock as select ?::timestamp as as_of, ?::timestamp as local_as_of",
        [instant.replace(tzinfo=None), local],
    )
    tables = [FEATURES, *(table for table, _, _ in ACTIVITIES.values())]
    for table in tables:
        connection.execute(f"create view {table} as select * from warehouse.{table}")
    customers = _fetch(connection, f"select * from {FEATURES}")
    lists = _lists([row["customer_id"] for row in customers])
    connection.execute("create table int_list_members (list_name varchar, customer_id varchar)")
    for name, keys in lists.items():
        rows = [value for key in keys for value in (name, key)]
        holders = ", ".join(["(?, ?)"] * len(keys))
        connection.execute(f"insert into int_list_members values {holders}", rows)
    return World(
        as_of=instant,
        timezone=timezone,
        key="customer_id",
        attributes=_kinds(connection, FEATURES),
        customers=customers,
        activities={name: _activity(connection, name) for name in ACTIVITIES},
        lists=lists,
        bucket=bucket,
    )


def _lists(keys: list[str]) -> dict[str, list[str]]:
    """Return two lists that every shop has somebody on."""
    return {
        "do_not_mail": [key for key in keys if key.endswith("7")],
        "friends": [key for key in keys if key.endswith("42")],
    }


def _activity(connection: duckdb.DuckDBPyConnection, name: str) -> Activity:
    """Return the rows of an activity; the lines are those of a quarter of the customers."""
    table, time, kind = ACTIVITIES[name]
    few = f" where left(md5(customer_id), 1) in {tuple(QUARTER)}" if name == "order_lines" else ""
    rows = _fetch(connection, f"select * from {table}{few}")
    return Activity(time, kind, "customer_id", _kinds(connection, table), rows)


def is_compared(key: str) -> bool:
    """Tell whether a customer is of the quarter whose lines the reference reads."""
    return hashlib.md5(key.encode()).hexdigest()[0] in QUARTER


def _fetch(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _kinds(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """Return what kind of value each column of a table holds."""
    return {
        row["column_name"]: _KINDS.get(row["column_type"], "number")
        for row in _fetch(connection, f"describe {table}")
    }


def test_no_segment_is_empty_and_none_is_everybody(found: Found) -> None:
    everyone = len(found.world.customers)
    sizes = {name: len(members) for name, members in found.members.items()}
    assert len(sizes) >= 15
    assert {name: size for name, size in sizes.items() if size in (0, everyone)} == {}


def test_members_are_those_of_the_reference(found: Found) -> None:
    for name, document in found.documents.items():
        if name.endswith("_lines"):
            continue
        assert found.of(document) == evaluate(document, found.world)
        split = {key: who for key, who in variants(document, found.world).items() if who}
        assert {key: found.variants[key] for key in split} == split


def test_members_by_lines_are_those_of_the_reference_for_a_quarter_of_the_customers(
    found: Found,
) -> None:
    (document,) = (d for name, d in found.documents.items() if name.endswith("_lines"))
    expected = evaluate(document, found.world)
    for name, members in found.of(document).items():
        compared = {key for key in members if is_compared(key)}
        assert compared, name
        assert compared == {key for key in expected[name] if is_compared(key)}, name


def test_thirty_specs_are_compared() -> None:
    documents = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in SPECS.glob("*.yml")]
    assert sum(len(document["segments"]) for document in documents) >= 30
