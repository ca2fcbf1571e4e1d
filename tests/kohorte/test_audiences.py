"""Audiences as compiled: who may be in them, what is sent, and what a mistake does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from kohorte.specs import read_specs

from tests.kohorte import harness

SPEC = """\
version: 1
segments:
  adults:
    where: {age: {gte: 18}}
    split: {seed: spring, variants: {control: 50, a: 50}}
  buyers: {where: {did: orders}}
audiences:
  mail:
    segments: [adults, buyers]
    channel: email
    cap: {at_most: 2, within: 1 month}
    send: [email, age, interests]
    to: {tool: ghost, label: "O'Hara; {{ drop }} {% raw %}"}
  only_a: {segments: adults, variant: a, channel: sms, to: {tool: file, name: a}}
"""
MEMBERS = [
    ("adults", "ann", "control"), ("adults", "bob", "a"), ("buyers", "bob", None),
    ("buyers", "cid", None), ("others", "dan", None),
]  # fmt: skip


def warehouse(folder: Path, text: str = SPEC) -> duckdb.DuckDBPyConnection:
    """Return a database with the compiled models of a spec, and some members."""
    people = [{"customer_id": name, "age": 40, "interests": ["art"]} for name in ("ann", "bob")]
    shop = harness.Shop(customers=people, as_of="2026-03-31 10:00:00", timezone="UTC")
    connection = duckdb.connect()
    shop.create(connection)
    connection.executemany("insert into fct_segment_members values (?, ?, ?)", MEMBERS)
    connection.execute(
        "insert into dim_customers by name select 'bob' as customer_id, 'b@example.com' as email"
    )
    harness.run_models(
        connection, harness.compile_folder(harness.write_spec(folder, text), timezone="UTC")
    )
    return connection


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


def test_candidates_are_in_any_segment_once_and_know_who_is_held_out(tmp_path: Path) -> None:
    found = rows(
        warehouse(tmp_path),
        "select audience, customer_id, is_held_out from int_audience_candidates order by all",
    )
    assert found == [
        ("mail", "ann", True), ("mail", "bob", False), ("mail", "cid", False),
        ("only_a", "ann", True), ("only_a", "bob", False),
    ]  # fmt: skip


def test_fields_travel_as_json_and_what_is_unknown_is_null(tmp_path: Path) -> None:
    found = dict(
        rows(
            warehouse(tmp_path),
            "select customer_id, fields from int_audience_candidates where audience = 'mail'",
        )
    )
    assert json.loads(found["bob"]) == {"email": "b@example.com", "age": 40, "interests": ["art"]}
    assert json.loads(found["cid"]) == {"email": None, "age": None, "interests": None}


def test_a_target_is_a_text_that_nothing_reads_anything_into(tmp_path: Path) -> None:
    ((target, since),) = rows(
        warehouse(tmp_path),
        "select target, capped_since::varchar from int_audience_definitions"
        " where audience = 'mail'",
    )
    assert json.loads(target) == {"label": "O'Hara; {{ drop }} {% raw %}"}
    assert since == "2026-02-28 10:00:00"


def test_an_audience_with_a_mistake_is_set_aside_alone(tmp_path: Path) -> None:
    folder = harness.write_spec(tmp_path, SPEC.replace("channel: sms", "channel: fax"))
    specs = read_specs(folder, harness.catalog(), set_aside=True)
    assert [audience.name for audience in specs.audiences] == ["mail"]
    assert [(aside.name, "fax" in aside.reason) for aside in specs.audiences_aside] == [
        ("only_a", True)
    ]
    assert {segment.name for segment in specs.segments} == {"adults", "buyers"}
    assert specs.set_aside == ()


def test_an_audience_of_a_segment_that_is_set_aside_goes_on(tmp_path: Path) -> None:
    text = SPEC.replace("{did: orders}", "{did: order}").replace("variant: a, ", "")
    specs = read_specs(harness.write_spec(tmp_path, text), harness.catalog(), set_aside=True)
    assert [aside.name for aside in specs.set_aside] == ["buyers"]
    assert [audience.name for audience in specs.audiences] == ["mail", "only_a"]


def test_an_audience_may_bear_the_name_of_a_segment(tmp_path: Path) -> None:
    text = SPEC.replace("  mail:", "  adults:")
    specs = harness.read(harness.write_spec(tmp_path, text))
    assert [audience.name for audience in specs.audiences] == ["adults", "only_a"]


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "spark"])
def test_every_engine_gets_one_object_a_customer(tmp_path: Path, dialect: str) -> None:
    files = harness.compile_folder(harness.write_spec(tmp_path, SPEC), dialect)
    word = {"duckdb": "json_object", "postgres": "json_build_object", "spark": "to_json"}[dialect]
    assert f"{word}(" in files["int_audience_candidates.sql"]
