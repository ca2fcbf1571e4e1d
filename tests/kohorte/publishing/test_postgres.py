"""What readers of a PostgreSQL server get."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from kohorte.errors import KohorteError
from kohorte.project import warehouse_path
from kohorte.publishing import postgres
from kohorte.publishing.publish import publish, rollback

from tests.kohorte.publishing.small_project import SmallProject
from tests.servers.postgres import postgres_server

_MIXTURE = """
    select publication.generation, min(orders.build), max(customers.build)
    from kohorte.publication as publication
    cross join kohorte.fct_orders as orders
    cross join kohorte.dim_customers as customers
    group by publication.generation
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with postgres_server() as address:
        yield address


@pytest.fixture
def served(small: SmallProject, address: str, monkeypatch: pytest.MonkeyPatch) -> SmallProject:
    """The small project with a server that nobody has published to yet."""
    monkeypatch.setenv(postgres.ADDRESS_VARIABLE, address)
    for schema in ("kohorte", "kohorte_private"):
        ask(address, f"drop schema if exists {schema} cascade")
    return small


def ask(address: str, query: str, role: str = "") -> list[tuple[Any, ...]]:
    with psycopg.connect(address, autocommit=True) as connection:
        if role:
            connection.execute(f"set role {role}")
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


def test_the_reader_sees_what_bi_sees(served: SmallProject, address: str) -> None:
    publish(served.root)
    columns = """
        select table_name, column_name from information_schema.columns
        where table_schema = 'kohorte' and table_name <> 'publication' order by 1, ordinal_position
    """
    assert ask(address, columns, "kohorte_reader") == [
        ("dim_customers", "customer_id"), ("dim_customers", "build"),
        ("fct_orders", "order_id"), ("fct_orders", "build"), ("int_clock", "as_of"),
    ]  # fmt: skip
    counts = "select generation, row_counts ->> 'fct_orders', warnings from kohorte.publication"
    assert ask(address, counts, "kohorte_reader") == [(1, "6", [])]


def test_the_reader_gets_no_personal_column_unless_granted(
    served: SmallProject, address: str
) -> None:
    publish(served.root)
    emails = "select email from kohorte_private.dim_customers order by email limit 1"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(address, emails, "kohorte_reader")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(address, "delete from kohorte.dim_customers", "kohorte_reader")
    assert ask(address, emails, "kohorte_private_reader") == [("c0@example.com",)]
    publish(served.root)
    assert ask(address, emails, "kohorte_private_reader") == [("c0@example.com",)]


def test_every_value_arrives_as_it_is(served: SmallProject, address: str) -> None:
    served.change(
        r"""
        create or replace table fct_addresses as
        select * from (values
            (1::bigint, '', ['a"', null, 'x,y', '', 'back\slash', '{}'], map {'k"': 'v'},
                1.25::decimal(18, 4), timestamp '2026-07-01 12:00:00.000001', [1, null]::int[]),
            (2, null, [], map {}, null, null, null),
            (3, '\N', null, null, 0, null, []),
            (4, '\.', ['NULL'], map {'a': null}, 0, null, [7]),
            (5, E'"quoted"\n\r\ttext, ''x''; drop table y --' || chr(0), null, null, 0, null, [])
        ) as rows (build, words, list, map, amount, moment, numbers)
        """
    )
    publish(served.root)
    rows = ask(address, "select * from kohorte_private.fct_addresses order by build")
    texts = [row[1] for row in rows]
    lists = [row[2] for row in rows]
    assert texts == ["", None, "\\N", "\\.", "\"quoted\"\n\r\ttext, 'x'; drop table y --"]
    assert lists == [['a"', None, "x,y", "", "back\\slash", "{}"], [], None, ["NULL"], None]
    assert [row[3] for row in rows] == [{'k"': "v"}, {}, None, {"a": None}, None]
    assert (str(rows[0][4]), rows[0][5].microsecond, rows[0][6]) == ("1.2500", 1, [1, None])


def test_a_rollback_reaches_the_server(served: SmallProject, address: str) -> None:
    for number in (1, 2):
        served.build(number)
        publish(served.root)
    rollback(served.root)
    assert ask(address, _MIXTURE, "kohorte_reader") == [(1, 1, 1)]


def test_readers_never_see_a_mixture(served: SmallProject, address: str) -> None:
    publish(served.root)
    seen: list[tuple[Any, ...]] = []
    done = threading.Event()

    def read() -> None:
        with psycopg.connect(address, autocommit=True) as connection:
            while not done.is_set():
                seen.extend(connection.execute(_MIXTURE).fetchall())
                time.sleep(0.005)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(2, 6):
        served.build(number)
        publish(served.root)
    done.set()
    for reader in readers:
        reader.join()
    assert len(seen) > 50
    assert all(generation == first == last for generation, first, last in seen)
    assert {1, 5} & {generation for generation, _, _ in seen}


def test_a_long_transaction_is_waited_for(
    served: SmallProject, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(served.root)
    served.build(2)
    with psycopg.connect(address) as reader:
        reader.execute("select * from kohorte.dim_customers")
        monkeypatch.setattr(postgres, "_ATTEMPTS", 2)
        with pytest.raises(KohorteError, match="somebody has been reading"):
            publish(served.root)
        assert reader.execute("select generation from kohorte.publication").fetchall() == [(1,)]
        threading.Thread(target=lambda: (time.sleep(1), reader.rollback())).start()
        monkeypatch.setattr(postgres, "_ATTEMPTS", 60)
        publish(served.root)
    assert ask(address, "select distinct build from kohorte.fct_orders") == [(2,)]


def test_a_view_of_ones_own_is_not_taken_away(served: SmallProject, address: str) -> None:
    publish(served.root)
    ask(address, "create or replace view public.mine as select * from kohorte.dim_customers")
    with pytest.raises(KohorteError, match="other objects depend on"):
        publish(served.root)
    assert ask(address, "select max(build) from public.mine") == [(1,)]
    ask(address, "drop view public.mine")
    publish(served.root)


def test_an_unreachable_server_is_a_sentence(
    small: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(postgres.ADDRESS_VARIABLE, "postgresql://u:secret@127.0.0.1:1/none")
    with pytest.raises(KohorteError, match="not to PostgreSQL") as error:
        publish(small.root)
    assert "secret" not in str(error.value)
    assert small.seen() == [(1, 1), (1, 1)]


def test_a_schema_needs_a_plain_name(served: SmallProject) -> None:
    settings = served.root / "dbt_project.yml"
    settings.write_text(settings.read_text().replace("3}", '3, postgres_schema: "x; drop"}'))
    with pytest.raises(KohorteError, match="needs another name"):
        publish(served.root)
    assert warehouse_path(served.root).exists()
    assert not Path(served.generations.path(1)).exists()
