"""Compile specs against the tests' catalog, and run the result on plain DuckDB."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
from kohorte.catalog import Catalog, read_catalog
from kohorte.compiler import compile_specs
from kohorte.specs import Specs, read_specs

HERE = Path(__file__).parent
PROJECT = HERE / "project"
_REF = re.compile(r'\{\{ ref\("(\w+)"\) \}\}')
_CONFIG = re.compile(r"\{\{ config\(.*\) \}\}\n")


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


def run_models(connection: duckdb.DuckDBPyConnection, files: dict[str, str]) -> None:
    """Create every compiled model as a table, each after those that it refers to."""
    waiting = {
        name.removesuffix(".sql"): _CONFIG.sub("", text)
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
            connection.execute(f"create table {name} as {render(waiting.pop(name))}")


def render(text: str) -> str:
    """Return what dbt would make of a model: references resolved, Jinja gone."""
    rendered = _REF.sub(r"\1", text)
    assert not re.search(r"\{[{%#]", rendered), "something is left that dbt would render"
    return rendered


def members(connection: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
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


def variants(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for segment, customer, variant in connection.execute(
        "select segment, customer_id, variant from int_segment_members__customer"
        " where variant is not null"
    ).fetchall():
        found.setdefault(segment, {})[customer] = variant
    return found
