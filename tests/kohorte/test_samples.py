"""What the catalogue page says of a warehouse: what is usual, and nothing of anybody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
from kohorte.analyst.samples import samples
from kohorte.analyst.warehouse import Warehouse
from kohorte.page import catalogue_page

from tests.kohorte import harness
from tests.kohorte.harness import Shop


def _samples(rows: list[dict[str, Any]], **others: Any) -> dict[tuple[str, str], str]:
    with duckdb.connect() as connection:
        Shop(customers=rows, **others).create(connection)
        return samples(Warehouse(Path("memory"), connection), harness.catalog())


def _people(count: int, **columns: Any) -> list[dict[str, Any]]:
    return [
        {"customer_id": f"c{n:03}", **{name: of(n) for name, of in columns.items()}}
        for n in range(count)
    ]


def test_what_is_usual_is_told_by_type() -> None:
    rows = _people(
        100,
        country=lambda n: "AT" if n % 2 else "DE",
        revenue=lambda n: n,
        revenue_before=lambda n: None,
        is_reachable=lambda n: None if n < 20 else n % 4 == 0,
        interests=lambda n: ["shoes", "books"] if n % 3 else ["pets"],
        birth_date=lambda n: f"19{n:02}-05-01" if n else None,
    )
    found = _samples(rows)
    assert found["", "country"] == "AT, DE"
    assert found["", "revenue"] == "9.9 to 89.1, median 49.5"
    assert found["", "is_reachable"] == "25% yes; 20% unknown"
    assert found["", "interests"] == "books, shoes, pets"
    assert found["", "birth_date"] == "1910-05-01 to 1990-05-01, median 1950-05-01; 1% unknown"
    assert ("", "revenue_before") not in found


def test_nothing_that_could_be_anybodys_is_told() -> None:
    rows = _people(
        20,
        age=lambda n: 30 + n,
        city=lambda n: "Graz" if n < 10 else f"Hamlet {n}",
        revenue_before=lambda n: 77 if n < 4 else None,
        traits=lambda n: {"poodles": "2"},
    )
    found = _samples(rows)
    assert found["", "city"] == "Graz"
    told = {name for _, name in found}
    assert not told & {"customer_id", "age", "trait.poodles", "revenue_before"}


def test_activities_have_examples_as_well_and_an_empty_warehouse_has_none() -> None:
    orders = [
        {"customer_id": "c1", "channel": "web", "amount": 10, "is_cancelled": False,
         "ordered_at": f"2026-01-{day:02} 10:00:00"} for day in range(1, 11)
    ]  # fmt: skip
    found = _samples(_people(1), orders=orders)
    assert found["orders", "channel"] == "web"
    assert found["orders", "amount"] == "10"
    assert found["orders", "is_cancelled"] == "0% yes"
    assert _samples([]) == {}


def test_examples_are_a_column_of_the_page_and_read_as_text() -> None:
    page = catalogue_page(
        harness.catalog(), harness.read(harness.HERE / "page"), {("", "city"): "a|b, `c`"}
    )
    head = "| attribute | type | unit | values | in the warehouse | meaning | personal | used by |"
    assert head in page
    (line,) = [line for line in page.splitlines() if line.startswith("| `city` |")]
    assert r"a\|b, \`c\`" in line
