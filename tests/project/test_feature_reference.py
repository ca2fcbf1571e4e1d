"""The feature mart of the demo shop agrees with what plain Python counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.project.reference_features import (
    Attributes,
    Facts,
    attributes,
    is_same,
    read_attributes,
)


@pytest.fixture(scope="module")
def warehouse(demo_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(demo_warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def expected(warehouse: duckdb.DuckDBPyConnection) -> dict[str, Attributes]:
    return attributes(Facts(warehouse, "", "UTC"))


def test_every_attribute_is_what_python_counts(
    warehouse: duckdb.DuckDBPyConnection, expected: dict[str, Attributes]
) -> None:
    names = {name for own in expected.values() for name in own}
    assert len(names) > 140
    wrong = {}
    for name in sorted(names):
        found = read_attributes(warehouse, "", name)
        assert found.keys() == expected.keys()
        differing = [c for c in found if not is_same(name, found[c], expected[c][name])]
        if differing:
            wrong[name] = [(c, found[c], expected[c][name]) for c in differing[:3]]
    assert wrong == {}
