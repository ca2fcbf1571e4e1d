"""Every kind of dirt in a shop's export: where it ends, and that the counts add up."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest
from kohorte.demo import generate

from tests.conftest import Dbt

UNTIL = datetime.date(2026, 6, 30)
AS_OF = "timestamp '2026-07-01 00:00:00'"
#: Raw table, the canonical table it becomes, its mart, its key and a column to mark.
TABLES = {
    "accounts": ("customers", None, "account_no", "last_name"),
    "orders": ("orders", "fct_orders", "order_no", "voucher_code"),
    "order_items": ("order_lines", "fct_order_lines", "order_no", "sku"),
    "products": ("products", "dim_products", "sku", "brand"),
    "web_events": ("events", "fct_events", "event_no", "path"),
    "loyalty_ledger": ("points", "fct_points", "entry_no", "reward_name"),
    "messages": ("messages", "fct_messages", "message_no", "campaign_title"),
    "consent_log": ("consents", "fct_consents", "entry_no", "origin"),
    "survey_answers": ("answers", "fct_answers", "answer_no", "answer_text"),
    "referrals": ("referrals", "fct_referrals", "referral_no", None),
}
#: What a row must be like for a copy of it to be fine.
FINE = {
    "accounts": "account_no is not null and created_at < {as_of}",
    "orders": "order_no is not null and placed_at < {as_of} and currency = 'EUR'"
    " and state = 'delivered' and goods_value > 50 and refunded = 0",
    "order_items": "order_no is not null and line_total > 0 and placed_at < {as_of}",
    "web_events": "event_no is not null and happened_at < {as_of}",
    "loyalty_ledger": "entry_no is not null and kind = 'E' and booked_at < {as_of}",
    "messages": "message_no is not null and sent_at < {as_of}",
    "consent_log": "entry_no is not null and logged_at < {as_of}",
    "survey_answers": "answer_no is not null and answered_at < {as_of}",
}


@dataclass(frozen=True)
class Dirt:
    """A copy of a fine row with some values replaced by SQL, and what comes of it."""

    name: str
    table: str
    reason: str | None
    values: Mapping[str, str] = field(default_factory=dict)
    copies: int = 1

    @property
    def key(self) -> str:
        return f"DIRT-{self.name}"

    @property
    def columns(self) -> dict[str, str]:
        """The replaced columns: a key and a mark of its own, then the spoiled values."""
        _, _, key, mark = TABLES[self.table]
        marked = {mark: f"'{self.key}'"} if mark else {}
        return {key: f"'{self.key}'", **marked, **self.values}


DIRT = (
    Dirt("account-without-number", "accounts", "missing_key", {"account_no": "null"}),
    Dirt("account-of-tomorrow", "accounts", "in_the_future", {"created_at": AS_OF}),
    Dirt("order-without-number", "orders", "missing_key", {"order_no": "null"}),
    Dirt("order-with-empty-number", "orders", "missing_key", {"order_no": "' '"}),
    Dirt("order-without-time", "orders", "missing_time", {"placed_at": "null"}),
    Dirt("order-at-as-of", "orders", "in_the_future", {"placed_at": AS_OF}),
    Dirt("negative-order", "orders", "impossible_amount", {"goods_value": "-1"}),
    Dirt("discount-over-goods", "orders", "impossible_amount", {"discount": "goods_value + 1"}),
    Dirt("refund-over-total", "orders", "impossible_amount", {"refunded": "total + 1"}),
    Dirt("order-by-fax", "orders", "unknown_value", {"sales_channel": "'fax'"}),
    Dirt("unknown-currency", "orders", "unknown_currency", {"currency": "'XXX'"}),
    Dirt("line-of-no-order", "order_items", "orphan"),
    Dirt("line-of-bad-order", "order_items", "orphan", {"order_no": "'DIRT-negative-order'"}),
    Dirt("line-without-number", "order_items", "missing_key", {"position": "null"}),
    Dirt("line-of-nothing", "order_items", "impossible_amount", {"quantity": "0"}),
    Dirt("too-much-returned", "order_items", "impossible_amount", {"returned_quantity": "99"}),
    Dirt("product-below-zero", "products", "impossible_amount", {"list_price": "-1"}),
    Dirt("event-without-number", "web_events", "missing_key", {"event_no": "null"}),
    Dirt("event-without-time", "web_events", "missing_time", {"happened_at": "null"}),
    Dirt("event-at-as-of", "web_events", "in_the_future", {"happened_at": AS_OF}),
    Dirt("event-of-no-kind", "web_events", "unknown_value", {"action": "null"}),
    Dirt("points-of-nobody", "loyalty_ledger", "missing_customer", {"account_no": "null"}),
    Dirt("earned-below-zero", "loyalty_ledger", "impossible_amount", {"points": "-5"}),
    Dirt("spent-above-zero", "loyalty_ledger", "impossible_amount", {"kind": "'R'"}),
    Dirt(
        "message-to-nobody",
        "messages",
        "missing_customer",
        {"account_no": "null", "recipient": "null"},
    ),
    Dirt("message-by-pigeon", "messages", "unknown_value", {"medium": "'pigeon'"}),
    Dirt("half-a-consent", "consent_log", "unknown_value", {"change": "'perhaps'"}),
    Dirt("answer-to-nothing", "survey_answers", "unknown_value", {"question_code": "null"}),
    Dirt(
        "self-referral",
        "referrals",
        "self_referral",
        {"referred_account_no": "referrer_account_no"},
    ),
)
COPIED = (
    Dirt("copied-account", "accounts", None, copies=3),
    Dirt("copied-order", "orders", None, copies=3),
    Dirt("copied-event", "web_events", None, copies=3),
    Dirt("copied-message", "messages", None, copies=3),
)
OLD, NEW = "timestamp '2026-05-01 00:00:00'", "timestamp '2026-06-01 00:00:00'"
CHANGED = (
    Dirt("changed-order", "orders", None, {"placed_at": OLD}),
    Dirt("changed-order", "orders", None, {"placed_at": OLD, "refunded_at": NEW}),
    Dirt("changed-event", "web_events", None, {"happened_at": OLD}),
    Dirt("changed-event", "web_events", None, {"happened_at": NEW}),
)


def soil(raw: Path, table: str, dirt: list[Dirt]) -> None:
    """Write the dirty rows of a raw table into a file beside its own."""
    own = f"read_parquet('{raw / table / '*.parquet'}')"
    fine = FINE.get(table, "true").format(as_of=AS_OF)
    first = f"(select * from {own} where {fine} order by all limit 1)"
    copies = [
        f"select * replace ({values}) from {first} cross join range({one.copies}) as copies(nth)"
        for one in dirt
        for values in [", ".join(f"{sql} as {name}" for name, sql in one.columns.items())]
    ]
    columns = f"select * from {own} limit 0"
    rows = " union all by name ".join(f"(select * exclude (nth) from ({copy}))" for copy in copies)
    with duckdb.connect() as connection:
        connection.execute(f"create table soiled as {columns}")
        connection.execute(f"insert into soiled by name {rows}")
        connection.execute(f"copy soiled to '{raw / table / 'dirt.parquet'}' (format parquet)")


@dataclass(frozen=True)
class Shop:
    """A soiled shop and its warehouse."""

    raw: Path
    warehouse: duckdb.DuckDBPyConnection

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return self.warehouse.execute(query).fetchall()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    raw = tmp_path_factory.mktemp("raw") / "shop"
    generate(raw, customers=80, seed=11, until=UNTIL)
    for table in TABLES:
        dirt = [one for one in (*DIRT, *COPIED, *CHANGED) if one.table == table]
        soil(raw, table, dirt)
    dbt = Dbt(tmp_path_factory.mktemp("warehouse"))
    result = dbt.again(
        "build", "--exclude-resource-type", "unit_test",
        variables={"raw": {"shop": str(raw)}},
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-4000:]
    with duckdb.connect(str(dbt.warehouse), read_only=True) as warehouse:
        yield Shop(raw, warehouse)


@pytest.mark.parametrize("dirt", DIRT, ids=lambda dirt: dirt.name)
def test_dirt_is_quarantined_with_its_reason(shop: Shop, dirt: Dirt) -> None:
    canonical, mart, _, _ = TABLES[dirt.table]
    found = shop.rows(
        f"""
        select system, reason from quarantine
        where table_name = '{canonical}' and record like '%"{dirt.key}"%'
        """
    )
    assert found == [("shop", dirt.reason)]
    if mart:
        spoiled = f"select 1 from {mart} as mart where to_json(mart)::varchar like '%{dirt.key}%'"
        assert shop.rows(spoiled) == []


@pytest.mark.parametrize("dirt", COPIED, ids=lambda dirt: dirt.name)
def test_one_of_several_copies_is_accepted(shop: Shop, dirt: Dirt) -> None:
    canonical, _, _, _ = TABLES[dirt.table]
    found = shop.rows(
        f"""
        select verdict, reason, count(*) from int_{canonical}_checked as checked
        where to_json(checked)::varchar like '%"{dirt.key}"%' group by all order by all
        """
    )
    assert found == [("accepted", None, 1), ("duplicate", "exact_copy", 2)]
    assert shop.rows(f"from quarantine where record like '%\"{dirt.key}\"%'") == []


@pytest.mark.parametrize(
    ("key", "canonical", "newest"),
    [("changed-order", "orders", "refunded_at"), ("changed-event", "events", "occurred_at")],
)
def test_the_newest_of_two_versions_is_accepted(
    shop: Shop, key: str, canonical: str, newest: str
) -> None:
    found = shop.rows(
        f"""
        select verdict, reason, {newest} = {NEW} from int_{canonical}_checked as checked
        where to_json(checked)::varchar like '%"DIRT-{key}"%' order by all
        """
    )
    accepted, quarantined = found
    assert accepted == ("accepted", None, True)
    assert quarantined[:2] == ("quarantined", "conflicting_key")
    assert quarantined[2] is not True


def test_raw_rows_are_accepted_quarantined_or_duplicates(shop: Shop) -> None:
    counted = shop.rows(
        """
        select table_name, count_raw, count_accepted + count_quarantined + count_duplicates
        from int_row_counts order by all
        """
    )
    raw = sorted(
        (canonical, rows, rows)
        for table, (canonical, _, _, _) in TABLES.items()
        for (rows,) in duckdb.sql(
            f"select count(*) from '{shop.raw / table / '*.parquet'}'"
        ).fetchall()
    )
    assert counted == raw


def test_the_quarantine_holds_what_was_counted(shop: Shop) -> None:
    assert shop.rows(
        """
        select table_name, system, count_quarantined from int_row_counts
        where count_quarantined > 0 order by all
        """
    ) == shop.rows("select table_name, system, count(*) from quarantine group by all order by all")


def test_the_marts_hold_exactly_the_accepted_rows(shop: Shop) -> None:
    accepted = dict(shop.rows("select table_name, count_accepted from int_row_counts"))
    for canonical, mart, _, _ in TABLES.values():
        if mart:
            assert shop.rows(f"select count(*) from {mart}") == [(accepted[canonical],)], mart


def test_the_record_is_the_whole_row(shop: Shop) -> None:
    ((record, as_of),) = shop.rows(
        "select record, as_of from quarantine where record like '%\"DIRT-unknown-currency\"%'"
    )
    row = json.loads(str(record))
    columns = shop.warehouse.table("int_shop__orders").columns
    assert list(row) == columns
    assert row["currency"] == "XXX"
    assert as_of == datetime.datetime(2026, 7, 1)
