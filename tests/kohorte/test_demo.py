"""The demo shop: reproducible, adding up, and dirty exactly as announced."""

from __future__ import annotations

import datetime
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from kohorte.demo import MOST_CUSTOMERS, assembly, generate, is_current
from kohorte.demo.dirt import ADDED, CLOCK_AHEAD_DAYS, IN_PLACE, UNKNOWN_CURRENCY
from kohorte.demo.orders import TILL_EMAIL
from kohorte.demo.tables import KEY_WIDTH, TABLES
from kohorte.errors import KohorteError

CUSTOMERS, SEED, UNTIL = 2_000, 7, datetime.date(2026, 6, 30)
START, END = "timestamp '2023-07-01'", "timestamp '2026-07-01'"

KEYS = {
    "accounts": "account_no",
    "orders": "order_no",
    "order_items": "order_no",
    "web_events": "event_no",
    "loyalty_ledger": "entry_no",
    "messages": "message_no",
    "consent_log": "entry_no",
    "survey_answers": "answer_no",
}
TIMES = {
    "accounts": "created_at",
    "orders": "placed_at",
    "order_items": "placed_at",
    "web_events": "happened_at",
    "loyalty_ledger": "booked_at",
    "messages": "sent_at",
    "consent_log": "logged_at",
    "survey_answers": "answered_at",
    "referrals": "invited_at",
}
AMOUNTS = {"orders": "goods_value", "order_items": "line_total"}


class Shop:
    """A demo's raw tables, to be asked in SQL; `clean_<table>` is without added dirt."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.connection = duckdb.connect()
        for table in TABLES:
            files = folder / table / "*.parquet"
            self.connection.execute(f"create view {table} as from '{files}'")
            if table in TIMES:
                self.connection.execute(f"create view clean_{table} as {_clean(table)}")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()

    def value(self, query: str) -> Any:
        return self.rows(query)[0][0]

    def count(self, table: str, condition: str = "true") -> int:
        return int(self.value(f"select count(*) from {table} where {condition}"))

    def content(self) -> dict[str, list[tuple[Any, ...]]]:
        return {table: self.rows(f"select * from {table}") for table in TABLES}

    def receipt(self) -> dict[str, Any]:
        content = json.loads((self.folder / "demo.json").read_text())
        assert isinstance(content, dict)
        return content


def _clean(table: str) -> str:
    conditions = [f"{TIMES[table]} < {END}"]
    if table in KEYS:
        conditions.append(f"{KEYS[table]} is not null")
    if table in AMOUNTS:
        conditions.append(f"{AMOUNTS[table]} >= 0")
    if table == "orders":
        conditions.append(f"currency <> '{UNKNOWN_CURRENCY}'")
    return f"select distinct * from {table} where {' and '.join(conditions)}"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("raw") / "shop"
    generate(folder, CUSTOMERS, SEED, UNTIL)
    opened = Shop(folder)
    yield opened
    opened.connection.close()


# The same again


def test_the_same_arguments_give_the_same_rows_in_the_same_order(
    shop: Shop, tmp_path: Path
) -> None:
    generate(tmp_path / "again", CUSTOMERS, SEED, UNTIL)
    again = Shop(tmp_path / "again")
    assert again.content() == shop.content()
    assert again.receipt() == shop.receipt()


@pytest.mark.parametrize(
    ("customers", "seed", "until"),
    [
        (CUSTOMERS + 1, SEED, UNTIL),
        (CUSTOMERS, SEED + 1, UNTIL),
        (CUSTOMERS, SEED, UNTIL - datetime.timedelta(days=1)),
    ],
)
def test_a_demo_is_current_for_its_own_arguments_only(
    shop: Shop, customers: int, seed: int, until: datetime.date
) -> None:
    assert is_current(shop.folder, CUSTOMERS, SEED, UNTIL)
    assert not is_current(shop.folder, customers, seed, until)


def test_a_demo_that_lost_a_table_is_not_current(tmp_path: Path) -> None:
    generate(tmp_path / "shop", 1, SEED, UNTIL)
    shutil.rmtree(tmp_path / "shop" / "messages")
    assert not is_current(tmp_path / "shop", 1, SEED, UNTIL)


def test_another_seed_gives_other_people(shop: Shop, tmp_path: Path) -> None:
    generate(tmp_path / "other", 100, SEED + 1, UNTIL)
    query = "select first_name, last_name, city from accounts order by account_no limit 50"
    assert Shop(tmp_path / "other").rows(query) != shop.rows(query)


def test_chunks_share_no_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "CHUNK", 150)
    generate(tmp_path / "shop", 400, SEED, UNTIL)
    chunked = Shop(tmp_path / "shop")
    for table, key in KEYS.items():
        assert len(list((chunked.folder / table).glob("part-*.parquet"))) == 3
        found = chunked.value(f"select count(*) - count(distinct {key}) from clean_{table}")
        assert (found == 0) is (table != "order_items"), table
    assert chunked.count("clean_accounts", "account_no > 'C0000000300'") > 50


def test_the_largest_number_of_the_largest_demo_fits_into_an_identifier() -> None:
    largest = (MOST_CUSTOMERS // assembly.CHUNK + 1) * assembly.BLOCK
    assert len(str(largest)) <= KEY_WIDTH


def test_dates_around_leap_days_work(tmp_path: Path) -> None:
    generate(tmp_path / "shop", 50, SEED, datetime.date(2024, 2, 28))
    leap = Shop(tmp_path / "shop")
    assert leap.value("select covers_until from exports") == datetime.datetime(2024, 2, 29)
    earliest = leap.value("select min(placed_at) from orders")
    assert earliest >= datetime.datetime(2021, 2, 28)


# Nothing half done


def test_an_interrupted_run_leaves_the_demo_before_it(tmp_path: Path) -> None:
    out = tmp_path / "shop"
    generate(out, 50, SEED, UNTIL)
    before = Shop(out).content()

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(out, 60, SEED, UNTIL, interrupt)
    assert is_current(out, 50, SEED, UNTIL)
    assert Shop(out).content() == before


def test_an_interrupted_first_run_leaves_no_demo_and_the_next_one_succeeds(
    tmp_path: Path,
) -> None:
    out = tmp_path / "raw" / "shop"

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(out, 60, SEED, UNTIL, interrupt)
    assert not out.exists()
    generate(out, 50, SEED, UNTIL)
    assert is_current(out, 50, SEED, UNTIL)
    assert [path.name for path in out.parent.iterdir()] == ["shop"]


def test_a_kill_between_the_two_renames_is_made_good(tmp_path: Path) -> None:
    out = tmp_path / "shop"
    generate(out, 50, SEED, UNTIL)
    out.rename(tmp_path / ".shop.old")

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(out, 60, SEED, UNTIL, interrupt)
    assert is_current(out, 50, SEED, UNTIL)


def test_a_folder_with_other_things_in_it_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("three years of work")
    with pytest.raises(KohorteError, match="not a demo"):
        generate(tmp_path, 50, SEED, UNTIL)
    assert (tmp_path / "thesis.txt").read_text() == "three years of work"


@pytest.mark.parametrize(
    ("customers", "seed", "until"),
    [
        (0, SEED, UNTIL),
        (50, -1, UNTIL),
        (50, SEED, datetime.date(1900, 1, 1)),
    ],
)
def test_impossible_arguments_are_told_before_anything_is_written(
    tmp_path: Path, customers: int, seed: int, until: datetime.date
) -> None:
    with pytest.raises(KohorteError):
        generate(tmp_path / "shop", customers, seed, until)
    assert not (tmp_path / "shop").exists()


def test_progress_ends_with_all_customers(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    generate(tmp_path / "shop", 1, SEED, UNTIL, lambda *step: steps.append(step))
    assert steps == [(1, 1)]


# What is announced is there


def test_the_receipt_counts_the_rows_that_are_there_and_no_table_is_empty(shop: Shop) -> None:
    counted = {table: shop.count(table) for table in TABLES}
    assert shop.receipt()["rows"] == counted
    assert all(counted.values())


def _dirt(table: str, kind: str) -> str:
    """Return the query that finds dirt again in the raw rows."""
    conditions = {
        "missing_key": f"{KEYS.get(table)} is null",
        "future_clock": f"{TIMES.get(table)} >= {END}",
        "negative_amount": f"{AMOUNTS.get(table)} < 0",
        "unknown_currency": f"currency = '{UNKNOWN_CURRENCY}'",
        "messy_email": "email <> lower(trim(email))",
        "placeholder_birthday": "birthday = date '1900-01-01'",
    }
    if kind == "duplicate":
        distinct = f"select count(*) from (select distinct * from {table})"
        return f"select count(*) - ({distinct}) from {table}"
    return f"select count(*) from {table} where {conditions[kind]}"


@pytest.mark.parametrize("table", sorted({*ADDED, *IN_PLACE}))
def test_dirt_is_found_again_in_the_announced_amount(shop: Shop, table: str) -> None:
    announced = shop.receipt()["dirt"][table]
    assert set(announced) == {*ADDED.get(table, {}), *IN_PLACE.get(table, {})}
    assert {kind: shop.value(_dirt(table, kind)) for kind in announced} == announced


@pytest.mark.parametrize("table", sorted(ADDED))
def test_dirt_comes_at_its_rates(shop: Shop, table: str) -> None:
    clean = shop.count(f"clean_{table}")
    announced = shop.receipt()["dirt"][table]
    for kind, rate in ADDED[table].items():
        assert announced[kind] == round(rate * clean), kind
    for kind, rate in IN_PLACE.get(table, {}).items():
        assert 0.5 * rate < announced[kind] / clean < 1.5 * rate, kind


def test_wrong_clocks_run_ahead_but_not_for_ever(shop: Shop) -> None:
    latest = shop.value("select max(happened_at) from web_events")
    assert latest < datetime.datetime(2026, 7, 1) + datetime.timedelta(days=CLOCK_AHEAD_DAYS)


# Arithmetic and time


def test_amounts_of_every_order_add_up_to_the_cent(shop: Shop) -> None:
    assert shop.count("orders", "goods_value - discount + tax + shipping_fee <> total") == 0
    assert shop.count("clean_orders", "discount > 0") > 100


def test_lines_add_up_to_their_order_to_the_cent(shop: Shop) -> None:
    query = """
        select
            count(*),
            count(*) filter (where lines.total is null),
            count(*) filter (where lines.total <> orders.goods_value - orders.discount),
            count(*) filter (where lines.discount <> orders.discount),
            count(*) filter (where lines.refunded <> orders.refunded)
        from clean_orders as orders
        left join (
            select
                order_no,
                sum(line_total) as total,
                sum(discount) as discount,
                round(sum(line_total * returned_quantity / quantity), 2) as refunded
            from clean_order_items
            group by order_no
        ) as lines using (order_no)
    """
    orders, without_lines, *wrong = shop.rows(query)[0]
    assert orders > 5_000
    assert (without_lines, *wrong) == (0, 0, 0, 0)
    assert shop.count("clean_order_items", "quantity * unit_price <> line_total + discount") == 0


def test_nothing_in_a_clean_row_happens_outside_the_period_or_out_of_turn(shop: Shop) -> None:
    assert shop.count("clean_orders", f"placed_at < {START}") == 0
    assert shop.count("clean_web_events", f"happened_at < {START}") == 0
    for column in ("cancelled_at", "refunded_at"):
        condition = f"{column} <= placed_at or {column} >= {END}"
        assert shop.count("clean_orders", condition) == 0
        assert shop.count("clean_orders", f"{column} is not null") > 50
    for column in ("delivered_at", "opened_at", "clicked_at", "unsubscribed_at", "bounced_at"):
        assert shop.count("clean_messages", f"{column} <= sent_at or {column} >= {END}") == 0
    assert shop.count("clean_order_items", "(returned_at is null) <> (returned_quantity = 0)") == 0
    assert shop.count("clean_orders", "cancelled_at is not null and refunded <> 0") == 0


def test_nobody_spends_points_that_they_do_not_have(shop: Shop) -> None:
    query = """
        select min(balance) from (
            select sum(points) over (
                partition by account_no order by booked_at, points desc
            ) as balance
            from clean_loyalty_ledger
        )
    """
    assert shop.value(query) >= 0
    assert {kind for (kind,) in shop.rows("select distinct kind from loyalty_ledger")} == set(
        "ERXA"
    )


def test_messages_go_only_to_those_who_agreed_and_have_not_taken_it_back(shop: Shop) -> None:
    query = """
        select count(*) from clean_messages as messages
        where (
            select arg_max(change, logged_at) from clean_consent_log as consents
            where
                coalesce(consents.account_no, consents.email)
                = coalesce(messages.account_no, messages.recipient)
                and consents.medium = messages.medium
                and consents.logged_at <= messages.sent_at
        ) is distinct from 'opt_in'
    """
    assert shop.value(query) == 0


# The people that segments look for


def test_guests_come_again_and_some_register_later_with_the_same_address(shop: Shop) -> None:
    guests = """
        select lower(trim(email)) as email, min(placed_at) as first_at, count(*) as orders
        from clean_orders where account_no is null and sales_channel in ('web', 'app')
        group by all
    """
    assert shop.count(f"({guests})", "orders > 1") > 20
    later = f"""
        select count(*) from ({guests}) as guests
        inner join clean_accounts as accounts
            on lower(trim(accounts.email)) = guests.email and created_at > first_at
    """
    assert shop.value(later) > 20


def test_visitors_are_anonymous_until_they_log_in_and_known_from_then_on(shop: Shop) -> None:
    visitors = """
        select
            visitor_id,
            count(distinct account_no) as accounts,
            max(happened_at) filter (where account_no is null) as last_unknown_at,
            min(happened_at) filter (where account_no is not null) as first_known_at
        from clean_web_events group by visitor_id
    """
    assert shop.count(f"({visitors})", "accounts = 0") > 300
    own = f"({visitors})"
    assert shop.count(own, "accounts = 1 and last_unknown_at < first_known_at") > 100
    assert shop.count(own, "accounts = 1 and last_unknown_at > first_known_at") == 0
    assert shop.count(own, "accounts > 1") == 1, "the tablet in the store"


def test_carts_are_left_behind_in_the_last_days(shop: Shop) -> None:
    query = f"""
        select count(distinct visitor_id) from clean_web_events as carts
        where
            action in ('add_to_cart', 'checkout')
            and happened_at >= {END} - interval 3 days
            and not exists (
                select 1 from clean_web_events as orders
                where
                    orders.visitor_id = carts.visitor_id
                    and orders.action = 'purchase'
                    and orders.happened_at > carts.happened_at
            )
    """
    assert shop.value(query) >= 5


def test_every_tracked_order_has_its_event(shop: Shop) -> None:
    query = """
        select count(*), count(events.happened_at)
        from clean_orders as orders
        left join clean_web_events as events
            on
                events.details['order_no'] = orders.order_no
                and events.visitor_id = orders.visitor_id
                and events.happened_at = orders.placed_at
        where orders.visitor_id is not null
    """
    tracked, found = shop.rows(query)[0]
    assert tracked == found > 1_000


@pytest.mark.parametrize(
    ("table", "condition"),
    [
        ("clean_orders", "currency = 'CHF'"),
        ("clean_orders", "sales_channel = 'pos' and loyalty_card_no is not null"),
        ("clean_orders", "sales_channel = 'pos' and loyalty_card_no is null"),
        ("clean_orders", f"email = '{TILL_EMAIL}'"),
        ("clean_orders", "voucher_code is not null"),
        ("clean_orders", "state = 'open'"),
        ("clean_accounts", "contact_preference = 'text'"),
        ("clean_accounts", "phone like '+%'"),
        ("clean_accounts", "phone like '0%'"),
        ("clean_accounts", "attributes['number_of_poodles'] is not null"),
        (
            "clean_accounts",
            "account_no not in (select account_no from orders where account_no > '')",
        ),
        ("clean_web_events", "details['term'] is not null"),
        ("clean_messages", "unsubscribed_at is not null"),
        ("clean_messages", "account_no is null"),
        ("clean_consent_log", "change = 'opt_out' and origin = 'unsubscribe_link'"),
        ("clean_survey_answers", "question_code = 'Q_VALUES' and answer_text = 'sustainability'"),
        ("products", "category_code = 'SHOES'"),
    ],
)
def test_what_segments_look_for_is_there(shop: Shop, table: str, condition: str) -> None:
    assert shop.count(table, condition) > 0


def test_a_few_customers_spend_most(shop: Shop) -> None:
    query = """
        select sum(spent) filter (where place <= 0.1) / sum(spent) from (
            select spent, percent_rank() over (order by spent desc) as place from (
                select sum(goods_value - discount) as spent
                from clean_orders where email is not null group by lower(trim(email))
            )
        )
    """
    assert shop.value(query) > 0.4
