"""A forgotten person is in no table, list and file, and does not come back with the next load."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from kohorte.demo import generate
from kohorte.errors import KohorteError
from kohorte.forgetting import search as searching
from kohorte.forgetting import steps
from kohorte.forgetting.people import LISTS, SEED, Person, find_people, remember_hashes
from kohorte.forgetting.search import search
from kohorte.project import WAREHOUSE_VARIABLE

from tests.conftest import DEMO_UNTIL, Dbt
from tests.project.test_segments import copy_of_project

FACTS = (
    "fct_orders", "fct_order_lines", "fct_events", "fct_points", "fct_messages", "fct_consents",
    "fct_answers", "fct_referrals", "dim_customers", "int_identity_map",
)  # fmt: skip
WITHOUT_CHECKS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")


class Forgotten:
    """A small shop before and after one of its customers was forgotten."""

    def __init__(self, folder: Path) -> None:
        self.root = copy_of_project(folder / "project")
        self.raw = folder / "raw"
        generate(self.raw, 120, 3, DEMO_UNTIL)
        self.dbt = Dbt(folder, self.root)
        self.said: list[str] = []

    def build(self, *arguments: Any, before_publishing: Any = None) -> int:
        """Build without checks, as kohorte run does with them."""
        done = self.dbt("build", *WITHOUT_CHECKS, variables={"raw": {"shop": str(self.raw)}})
        assert done.returncode == 0, done.stdout[-4000:]
        if before_publishing:
            before_publishing(self.dbt.warehouse)
        return 0

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.dbt.warehouse), read_only=True) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forgotten]:
    folder = tmp_path_factory.mktemp("forget")
    with pytest.MonkeyPatch.context() as patch:
        shop = Forgotten(folder)
        patch.setenv(WAREHOUSE_VARIABLE, str(shop.dbt.warehouse))
        patch.setattr(steps, "run_project", shop.build)
        patch.setattr(searching, "_SEARCHED", ("seeds", "segments", "target"))
        yield shop


@pytest.fixture(scope="module")
def story(shop: Forgotten) -> dict[str, Any]:
    """Build, choose the customer with most kinds of rows, forget, and keep what was before."""
    shop.build()
    ((customer,),) = shop.rows(
        """
        select customer_id
        from int_identity_map
        where customer_id in (select customer_id from fct_orders)
            and customer_id in (select customer_id from fct_segment_stays)
            and customer_id in (select customer_id from fct_events)
            and customer_id in (select customer_id from fct_messages)
        group by customer_id
        order by count(distinct identifier_type) desc, customer_id
        limit 1
        """
    )
    people = find_people(shop.root, [customer])
    mail = next(name for kind, name in people[0].identifiers if kind == "email")
    with (shop.root / LISTS).open("a", encoding="utf-8") as lists:
        lists.write(f"left_alone,{mail.upper()},asked for it,,,\n")
    before, _ = search(shop.root, people)
    facts = {table: shop.rows(f"from {table} order by all") for table in FACTS}
    columns = {table: [name for name, *_ in shop.rows(f"describe {table}")] for table in FACTS}
    status = steps.forget(shop.root, [customer], ["shop"], shop.raw, "", shop.said.append)
    return {
        "customer": customer, "people": people, "before": before, "facts": facts,
        "columns": columns, "status": status, "mail": mail,
    }  # fmt: skip


def test_the_search_finds_a_person_in_every_layer_and_nobody_afterwards(
    shop: Forgotten, story: dict[str, Any]
) -> None:
    tables = {place.table for place in story["before"]}
    assert {
        "int_customers_checked", "int_orders_checked", "int_identity_map", "dim_customers",
        "dim_customer_features", "fct_orders", "fct_segment_stays", "segment_state_words",
        "segment_state_row_counts",
        "",
    } <= tables  # fmt: skip
    assert story["status"] == 0
    found, count = search(shop.root, story["people"])
    assert (found, count > 10) == ([], True)
    assert shop.said[-1].endswith("nobody of them is there any more")


def test_everybody_else_keeps_every_row(shop: Forgotten, story: dict[str, Any]) -> None:
    for table in FACTS:
        names = story["columns"][table]
        own = [at for at, name in enumerate(names) if name.endswith("customer_id")]
        kept = [
            row for row in story["facts"][table]
            if all(row[at] != story["customer"] for at in own)
        ]  # fmt: skip
        gone = len(story["facts"][table]) - len(kept)
        assert shop.rows(f"from {table} order by all") == kept, table
        assert gone or table in ("fct_referrals", "fct_points", "fct_answers"), table


def test_the_whole_table_of_raw_rows_still_adds_up(shop: Forgotten, story: dict[str, Any]) -> None:
    assert shop.rows(
        "select table_name from int_row_counts"
        " where count_raw <> count_accepted + count_quarantined + count_duplicates"
    ) == []  # fmt: skip
    assert shop.rows("select count(*) from quarantine where reason = 'orphan'") == [(0,)]


def test_nothing_but_hashes_is_kept(shop: Forgotten, story: dict[str, Any]) -> None:
    with (shop.root / SEED).open(encoding="utf-8") as seed:
        header, *rows = list(csv.reader(seed))
    assert header == ["salt", "identifier_hash"]
    assert len(rows) == len(story["people"][0].identifiers) + len(story["people"][0].ids)
    assert {len(text) for row in rows for text in row} == {32, 64}
    assert story["mail"] not in " ".join(shop.said)


def test_forgetting_again_goes_on_and_changes_nothing(
    shop: Forgotten, story: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "run_project", lambda *arguments, **options: 0)
    seed = (shop.root / SEED).read_bytes()
    assert steps.forget(shop.root, [story["customer"]], ["shop"], shop.raw, "", print) == 0
    assert (shop.root / SEED).read_bytes() == seed


def test_whom_nobody_knows_is_an_error(shop: Forgotten, story: dict[str, Any]) -> None:
    with pytest.raises(KohorteError, match="no customer `shop:nobody`"):
        find_people(shop.root, ["shop:nobody"])


def test_a_warehouse_that_is_not_whole_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "kohorte.duckdb"
    monkeypatch.setenv(WAREHOUSE_VARIABLE, str(path))
    with pytest.raises(KohorteError, match="there is no warehouse"):
        find_people(tmp_path, ["shop:1"])
    duckdb.connect(str(path)).close()
    with pytest.raises(KohorteError, match="half built"):
        find_people(tmp_path, ["shop:1"])


@pytest.mark.parametrize("text", ["salt,hash\n", "salt,identifier_hash\na,b\nc,d\n", "a\n"])
def test_a_spoiled_seed_is_an_error_and_left_as_it_is(tmp_path: Path, text: str) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / SEED).write_text(text, encoding="utf-8")
    with pytest.raises(KohorteError, match="one salt in all rows"):
        remember_hashes(tmp_path, [Person(("shop:1",))])
    assert (tmp_path / SEED).read_text(encoding="utf-8") == text


def test_names_inside_of_others_are_no_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(WAREHOUSE_VARIABLE, str(tmp_path / "warehouse" / "kohorte.duckdb"))
    (tmp_path / "segments").mkdir()
    (tmp_path / "warehouse").mkdir()
    person = Person(("shop:1000001",), (("account", "shop:1000001"), ("email", "o+x@example.com")))
    notes = tmp_path / "segments" / "notes.yml"
    for text, is_there in (
        ("shop:10000012", False), ("of shop:1000001.", True), ("too+x@example.com", False),
        ("'O+X@example.com'", True), ("account 1000001", True), ("91000001", False),
    ):  # fmt: skip
        notes.write_text(text, encoding="utf-8")
        assert bool(search(tmp_path, [person])[0]) == is_there, text
    with duckdb.connect(str(tmp_path / "warehouse" / "kohorte.duckdb")) as connection:
        connection.execute("create table t as select [{'a': 'O+X@EXAMPLE.COM'}] as l, 1 as n")
    notes.unlink()
    (place,) = search(tmp_path, [person])[0]
    assert place.words() == "warehouse/kohorte.duckdb, table t: 1 row"
