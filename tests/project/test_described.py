"""Every table is described, promised and tried: what dbt knows of the project says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import read_once

#: Models that no unit test is needed for, and why.
WITHOUT_UNIT_TEST = {
    "int_events_arrived": "is nothing but in an update: tests/project/test_update.py",
    "int_shop__order_lines": "renames",
    "int_shop__products": "renames",
    "int_shop__referrals": "renames",
    "int_value_fit": "is Python: tests/kohorte/value",
}
GENERATED = "models/marts/segments/generated/"

Node = dict[str, Any]


@pytest.fixture(scope="module")
def manifest() -> Node:
    """What dbt made of the project."""
    path = read_once({"raw": {}}).with_name("manifest.json")
    read: Node = json.loads(path.read_text(encoding="utf-8"))
    return read


def models(manifest: Node, folder: str = "models/") -> Iterator[Node]:
    """Yield the models of a folder that people write."""
    for node in manifest["nodes"].values():
        path = node["original_file_path"]
        if node["resource_type"] == "model" and path.startswith(folder) and GENERATED not in path:
            yield node


def test_every_table_and_every_column_is_described(manifest: Node) -> None:
    described = [*models(manifest), *manifest["sources"].values()]
    described += [n for n in manifest["nodes"].values() if n["resource_type"] == "seed"]
    lacking = [
        f"{node['name']}.{column['name']}"
        for node in described
        for column in [{"name": "", **node}, *node["columns"].values()]
        if not column["description"].strip()
    ]
    without_columns = [node["name"] for node in models(manifest) if not node["columns"]]
    assert (lacking, without_columns) == ([], [])


def test_every_mart_keeps_a_contract(manifest: Node) -> None:
    marts = [node for node in models(manifest, "models/marts/") if node["name"][:4] != "int_"]
    assert len(marts) > 25
    assert [node["name"] for node in marts if not node["contract"]["enforced"]] == []


def test_every_model_with_logic_has_a_unit_test(manifest: Node) -> None:
    tried = {test["model"] for test in manifest["unit_tests"].values()}
    folders = ("models/marts/", "models/intermediate/")
    found = {node["name"] for folder in folders for node in models(manifest, folder)}
    assert found - tried == WITHOUT_UNIT_TEST.keys() & found
    assert WITHOUT_UNIT_TEST.keys() <= found


def test_no_table_has_a_column_that_is_described_nowhere(
    manifest: Node, demo_warehouse: Path
) -> None:
    with duckdb.connect(str(demo_warehouse), read_only=True) as connection:
        built = connection.execute(
            "select table_name, list(column_name) from duckdb_columns()"
            " where not internal group by table_name"
        ).fetchall()
    columns = {name: {column.lower() for column in found} for name, found in built}
    undescribed = {
        node["name"]: sorted(columns[node["name"]] - node["columns"].keys())
        for node in models(manifest)
        if columns.get(node["name"], set()) - node["columns"].keys()
    }
    assert len(columns.keys() & {node["name"] for node in models(manifest)}) > 90
    assert undescribed == {}
