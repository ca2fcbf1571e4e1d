"""Compile specs against the tests' catalog, and run the result on plain DuckDB."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import duckdb
import yaml
from kohorte.catalog import Catalog, read_catalog
from kohorte.compiler import compile_specs
from kohorte.specs import Specs, read_specs

HERE = Path(__file__).parent
PROJECT = HERE / "project"
_REF = re.compile(r'\{\{ ref\("(\w+)"\) \}\}')
_CONFIG = re.compile(r"\{\{ config\(.*\) \}\}\n")
#: What only an update does: dbt tries that (tests/project/test_update.py), all else is plain SQL.
_UPDATE = re.compile(
    r'\{% set row_counts = ref\("\w+"\) %\}\n\{% set before = answers_before\("\w+"\) %\}\n'
    r"|\n *\{% if before %\}.*?\{% endif %\}", re.DOTALL,
)  # fmt: skip


#: The built stays, as far as questions read them, made of those before.
BUILT_STAYS = """
    create table fct_segment_stays as
    select *, cast(null as varchar) as entered_because, 'rule' as through
    from int_segment_stays_before
"""
Rows = Sequence[Mapping[str, Any]]


class Found(Protocol):
    """The answer to a query."""

    def fetchall(self) -> list[Any]:
        """Return all rows."""


class Asked(Protocol):
    """What can be asked in SQL: a connection, or one of the tests' engines."""

    def execute(self, query: str, /) -> Found:
        """Run a query."""


@dataclass(frozen=True)
class Shop:
    """Literal rows of the tests' tables, and the instant (UTC) and zone they are seen from.

    A column that a row leaves out is null.
    """

    customers: Rows = ()
    orders: Rows = ()
    events: Rows = ()
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    stays: Rows = ()
    snapshots: Sequence[str] = ()
    as_of: str = "2026-07-15 10:00:00"
    timezone: str = "Europe/Vienna"

    def create(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Create the tables that the catalog describes."""
        instant = datetime.fromisoformat(self.as_of)
        local = instant.replace(tzinfo=UTC).astimezone(ZoneInfo(self.timezone))
        clock = f"timestamp '{instant}' as as_of, timestamp '{local:%Y-%m-%d %H:%M:%S}'"
        connection.execute(f"create table int_clock as select {clock} as local_as_of")
        on_lists = [
            {"list_name": name, "customer_id": key}
            for name, keys in self.lists.items()
            for key in keys
        ]
        tables = {
            "dim_customer_features": self.customers,
            "dim_customers": (),
            "fct_segment_members": (),
            "fct_orders": self.orders,
            "fct_events": self.events,
            "int_list_members": on_lists,
            "int_segment_stays_before": self.stays,
            "int_segment_snapshots_before": [{"segment": name} for name in self.snapshots],
        }
        for name, columns in described_tables().items():
            connection.execute(f"create table {name} ({columns})")
            if rows := tables[name]:
                named = list(dict.fromkeys(column for row in rows for column in row))
                holders = ", ".join([f"({', '.join('?' for _ in named)})"] * len(rows))
                insert = f"insert into {name} ({', '.join(named)}) values {holders}"
                connection.execute(insert, [row.get(column) for row in rows for column in named])

    def members(self, folder: Path, text: str) -> dict[str, set[str]]:
        """Compile the text of a spec, run it on the rows, and return who is in what."""
        files = compile_folder(write_spec(folder, text), timezone=self.timezone)
        with duckdb.connect() as connection:
            self.create(connection)
            run_models(connection, files)
            return members(connection)


def described_tables() -> dict[str, str]:
    """Return the columns and types of each table that compiled specs read."""
    text = (PROJECT / "models" / "catalog.yml").read_text(encoding="utf-8")
    described = {
        model["name"]: ", ".join(f"{c['name']} {c['data_type']}" for c in model["columns"])
        for model in yaml.safe_load(text)["models"]
    }
    stays = "segment varchar, customer_id varchar, entered_at timestamp, left_at timestamp"
    return {
        **described,
        "int_list_members": "list_name varchar, customer_id varchar",
        "fct_segment_members": "segment varchar, customer_id varchar, variant varchar",
        "int_segment_stays_before": stays,
        "int_segment_snapshots_before": "segment varchar",
    }


def catalog() -> Catalog:
    return read_catalog(PROJECT)


def read(folder: Path) -> Specs:
    return read_specs(folder, catalog())


def compile_folder(
    folder: Path, dialect: str = "duckdb", timezone: str = "Europe/Vienna"
) -> dict[str, str]:
    return compile_specs(read(folder), catalog(), dialect, timezone)


def write_spec(folder: Path, text: str) -> Path:
    specs = folder / "segments"
    specs.mkdir(exist_ok=True)
    (specs / "spec.yml").write_text(text, encoding="utf-8")
    return specs


def in_order(files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield name and text of every compiled model, each after those that it refers to."""
    waiting = {
        name.removesuffix(".sql"): _UPDATE.sub("", _CONFIG.sub("", text))
        for name, text in files.items()
        if name.endswith(".sql")
    }
    while waiting:
        ready = [
            name
            for name, text in waiting.items()
            if not (set(_REF.findall(text)) & waiting.keys()) - {name}
        ]
        assert ready, f"a circle among {sorted(waiting)}"
        for name in ready:
            yield name, waiting.pop(name)


def run_models(connection: duckdb.DuckDBPyConnection, files: Mapping[str, str]) -> None:
    """Create every compiled model as a table."""
    for name, text in in_order(files):
        connection.execute(f"create or replace table {name} as {render(text)}")


def render(text: str) -> str:
    """Return what dbt would make of a model: references resolved, Jinja gone."""
    rendered = _REF.sub(r"\1", text)
    assert not re.search(r"\{[{%#]", rendered), "something is left that dbt would render"
    return rendered


def members(connection: Asked) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {
        segment: set()
        for (segment,) in connection.execute(
            "select segment from int_segment_definitions"
        ).fetchall()
    }
    for segment, customer in connection.execute(
        "select segment, customer_id from int_segment_members__customer"
    ).fetchall():
        assert customer not in found[segment], "a member twice"
        found[segment].add(customer)
    return found


def variants(connection: Asked) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for segment, customer, variant in connection.execute(
        "select segment, customer_id, variant from int_segment_members__customer"
        " where variant is not null"
    ).fetchall():
        found.setdefault(segment, {})[customer] = variant
    return found
