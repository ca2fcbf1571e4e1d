"""The definition hash changes when, and only when, what decides membership does."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.kohorte import harness

BASE = "where: {all: [{country: {in: [AT, DE]}}, {did: orders, where: {channel: web, amount: 1}}]}"


def _hash(folder: Path, segment: str, before: str = "") -> str:
    text = f"version: 1\nsegments:\n{before}  mine:\n    label: mine\n    {segment}\n"
    files = harness.compile_folder(harness.write_spec(folder, text))
    with duckdb.connect() as connection:
        query = harness.render(dict(harness.in_order(files))["int_segment_definitions"])
        hashes = dict(
            connection.execute(f"select segment, definition_hash from ({query})").fetchall()
        )
    return str(hashes["mine"])


@pytest.mark.parametrize(
    "same",
    [
        "where: {all: [{did: orders, where: {amount: 1, channel: web}}, {country: [DE, AT]}]}",
        "where: [{country: [DE, AT, DE]}, {where: {amount: 1, channel: web}, did: orders}]",
        "owner: somebody\n    description: in other words\n    tags: [b, a]\n    " + BASE,
    ],
)
def test_another_order_or_description_is_the_same_definition(tmp_path: Path, same: str) -> None:
    assert _hash(tmp_path, same) == _hash(tmp_path, BASE)


@pytest.mark.parametrize(
    "other",
    [
        BASE.replace("all", "any"),
        BASE.replace("AT", "CH"),
        BASE.replace("amount: 1", "amount: 2"),
        BASE.replace("did:", "did_not:"),
        BASE + "\n    exclude: [theirs]",
        BASE + "\n    limit: {top: 3, by: revenue}",
    ],
)
def test_another_meaning_is_another_definition(tmp_path: Path, other: str) -> None:
    theirs = "  theirs:\n    where: {age: 3}\n"
    assert _hash(tmp_path, other, theirs) != _hash(tmp_path, BASE, theirs)


@pytest.mark.parametrize(
    ("segment", "swapped"),
    [
        (
            "where: {sequence: {steps: [{did: events.viewed}, {did: events.carted}]}}",
            "where: {sequence: {steps: [{did: events.carted}, {did: events.viewed}]}}",
        ),
        (
            "where: {age: 3}\n    split: {seed: s, variants: {a: 40, b: 60}}",
            "where: {age: 3}\n    split: {seed: s, variants: {b: 60, a: 40}}",
        ),
        ("where: {age: {between: [1, 2]}}", "where: {age: {between: [1, 3]}}"),
    ],
)
def test_order_counts_where_it_has_a_meaning(tmp_path: Path, segment: str, swapped: str) -> None:
    assert _hash(tmp_path, segment) != _hash(tmp_path, swapped)


def test_a_used_segment_counts_by_its_definition(tmp_path: Path) -> None:
    segment = "where: {in_segment: other}"
    narrow = "  other:\n    where: {age: 3}\n"
    assert _hash(tmp_path, segment, narrow) == _hash(tmp_path, segment, narrow)
    assert _hash(tmp_path, segment, narrow) != _hash(tmp_path, segment, narrow.replace("3", "4"))
