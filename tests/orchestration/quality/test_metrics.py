"""Numbers are judged by those before, and by nothing that was refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from kohorte.errors import KohorteError

from orchestration.quality.expectations import AS_BEFORE, NOT_FAR_OFF, as_before
from orchestration.quality.metrics import TABLE, Unusual, accept, measure
from orchestration.quality.recording import check
from orchestration.quality.runner import Result
from orchestration.quality.suites import fct_orders
from orchestration.quality.words import failure_lines
from tests.orchestration.small_warehouse import make_warehouse

#: A Monday.
AS_OF = datetime(2026, 6, 29)
DAYS = 70


@dataclass
class Shop:
    """A warehouse with so many orders each day: ten on Sundays, a hundred on other days."""

    path: Path
    as_of: datetime = AS_OF
    #: What a day has instead, by the days that it lies back from the first as_of.
    counts: dict[int, int] = field(default_factory=dict)
    amounts: dict[int, float] = field(default_factory=dict)
    hours: dict[int, int] = field(default_factory=dict)
    raw: int = 10_000

    def count(self, back: int) -> int:
        """Return the orders of a day; those of the same weekday differ a little."""
        is_sunday = (AS_OF - timedelta(days=back)).weekday() == 6
        usual = 10 if is_sunday else 100
        return self.counts.get(back, usual + back * 7 % 5)

    def look(self) -> dict[str, Unusual]:
        """Write everything as of now, and return the unusual numbers by their names."""
        first = -(self.as_of - AS_OF).days
        rows = [
            (
                AS_OF - timedelta(days=back) + timedelta(hours=self.hours.get(back, number % 24)),
                self.amounts.get(back, 20.0) * (1 + number % 5),
            )
            for back in range(DAYS, first, -1)
            for number in range(self.count(back))
        ]
        with duckdb.connect(str(self.path)) as connection:
            connection.execute("delete from fct_orders")
            connection.execute(
                """
                insert into fct_orders by name
                select
                    'shop:' || row_number() over () as order_id, 'a' as customer_id,
                    'web' as channel, 'EUR' as currency, 1 as item_count,
                    unnest($instants::timestamp[]) as ordered_at,
                    unnest($amounts::double[]) as total_amount
                """,
                {"instants": [row[0] for row in rows], "amounts": [row[1] for row in rows]},
            )
            connection.execute("update int_clock set as_of = ?", [self.as_of])
            connection.execute("update int_row_counts set count_raw = ?", [self.raw])
        found = measure(self.path)
        return {
            f"{each.metric}{f' {each.begins_at:%d}' if each.begins_at else ''}": each
            for each in found
        }

    def next_day(self) -> None:
        self.as_of += timedelta(days=1)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(make_warehouse(tmp_path))


def test_neither_the_first_run_nor_a_sunday_is_unusual(shop: Shop) -> None:
    for _ in range(8):
        assert shop.look() == {}
        accept(shop.path)
        shop.next_day()


def test_a_monday_like_a_sunday_is_unusual(shop: Shop) -> None:
    shop.counts[0] = 10
    shop.next_day()
    found = shop.look()
    assert set(found) == {"rows 29"}
    assert found["rows 29"].value == 10
    assert 50 < found["rows 29"].low < 100 < found["rows 29"].high < 180


@pytest.mark.parametrize("count", [0, 500])
def test_a_stopped_feed_and_a_flood_are_far_off(shop: Shop, count: int) -> None:
    shop.counts[0] = count
    shop.next_day()
    assert shop.look()["rows 29"].is_extreme


def test_a_small_feed_that_stops_is_far_off(shop: Shop) -> None:
    shop.counts = dict.fromkeys(range(DAYS + 1), 8)
    shop.counts[0] = 0
    shop.next_day()
    assert shop.look()["rows 29"].is_extreme


def test_days_since_the_last_accepted_run_are_no_baseline_however_many(shop: Shop) -> None:
    shop.look()
    accept(shop.path)
    shop.counts = dict.fromkeys(range(-39, 1), 10)
    shop.as_of += timedelta(days=40)
    # Of the fortnight that is judged, all days but the two Sundays.
    assert len(shop.look()) == 12


def test_amounts_and_hours_that_nobody_ever_had_are_far_off(shop: Shop) -> None:
    shop.amounts[0], shop.hours[0] = 2000.0, 3
    shop.next_day()
    found = shop.look()
    assert found["median total_amount 29"].is_extreme
    assert found["share from 0 to 6 o'clock UTC 29"].is_extreme
    assert "rows 29" not in found


def test_amounts_that_turn_negative_are_far_off(shop: Shop) -> None:
    shop.amounts[0] = -20.0
    shop.next_day()
    assert shop.look()["median total_amount 29"].is_extreme


def test_every_day_since_the_last_accepted_run_is_judged(shop: Shop) -> None:
    shop.look()
    accept(shop.path)
    shop.counts |= {0: 0, -1: 0}
    shop.next_day()
    assert set(shop.look()) == {"rows 29"}
    # That run was refused; the day after both days are in question.
    shop.next_day()
    assert set(shop.look()) == {"rows 29", "rows 30"}
    accept(shop.path)
    shop.next_day()
    assert shop.look() == {}


def test_what_is_refused_is_no_baseline(shop: Shop) -> None:
    shop.look()
    accept(shop.path)
    shop.raw = 5_000
    for _ in range(2):
        shop.next_day()
        assert shop.look()["raw rows of orders (shop)"].is_extreme
    shop.raw = 10_100
    shop.next_day()
    assert shop.look() == {}


def test_a_run_that_was_accepted_by_hand_is_looked_at_once(shop: Shop) -> None:
    shop.look()
    accept(shop.path)
    shop.counts[0], shop.raw = 0, 5_000
    shop.next_day()
    assert len(shop.look()) == 2
    accept(shop.path)
    assert shop.look() == {}
    accept(shop.path)
    # But for what changes after that.
    shop.raw = 2_000
    assert set(shop.look()) == {"raw rows of orders (shop)"}


def test_of_few_rows_and_few_days_nothing_is_concluded(shop: Shop) -> None:
    shop.counts = dict.fromkeys(range(-1, DAYS + 1), 5)
    shop.counts[0], shop.amounts[0] = 6, 5000.0
    shop.next_day()
    assert shop.look() == {}
    shop.counts = {back: 0 for back in range(DAYS + 1) if back > 20}
    assert shop.look() == {}


def test_numbers_of_one_as_of_are_kept_once_and_for_some_time(shop: Shop) -> None:
    for _ in range(2):
        shop.look()
    with duckdb.connect(str(shop.path)) as connection:
        counts = f"select count(*), count(distinct (kind, table_name, metric)) from {TABLE}"
        ((rows, keys),) = connection.execute(counts).fetchall()
        connection.execute(f"update {TABLE} set as_of = as_of - interval 500 day")
    assert rows == keys > 10
    shop.look()
    with duckdb.connect(str(shop.path)) as connection:
        ((kept,),) = connection.execute(f"select count(distinct as_of) from {TABLE}").fetchall()
    assert kept == 1


def test_a_warehouse_that_was_not_built_to_its_end_is_told(shop: Shop) -> None:
    with duckdb.connect(str(shop.path)) as connection:
        connection.execute("drop table int_row_counts")
    with pytest.raises(KohorteError, match="half built"):
        measure(shop.path)


def test_the_words_name_the_number_its_day_and_its_limits() -> None:
    warns, blocks = as_before("fct_orders")
    assert (warns.name, blocks.name) == (AS_BEFORE, NOT_FAR_OFF)
    assert (warns.severity, blocks.severity) == ("warning", "critical")
    results = [Result("fct_orders", blocks, passed=False, unexpected=1)]
    day = datetime(2026, 6, 29)
    unusual = [
        Unusual("fct_orders", "median total_amount", day, 3431.0, 17.25, 68.9, is_extreme=True),
        Unusual("fct_orders", "rows", day, 50, 60, 90, is_extreme=False),
        Unusual("fct_events", "rows", day, 0, 60, 90, is_extreme=True),
    ]
    assert list(failure_lines(results, unusual)) == [
        "critical: fct_orders: None of its numbers is far from those before. (1 row is not so)",
        "  on 2026-06-29, median total_amount: 3,431, expected between 17.2 and 68.9",
    ]


@pytest.mark.parametrize("status", ["passed", "failed"])
def test_a_run_is_accepted_when_nothing_critical_stands_in_its_way(shop: Shop, status: str) -> None:
    with duckdb.connect(str(shop.path)) as connection:
        connection.execute(
            f"""
            create table check_results as
            select 'test.t' as check_id, 'test' as kind, 't' as name, 'critical' as severity,
                '{status}' as status, null::bigint as failures, []::varchar[] as reads,
                1::bigint as run
            """
        )
    suite = fct_orders.SUITE
    numbers = tuple(each for each in suite.checks if each.name in (AS_BEFORE, NOT_FAR_OFF))
    found = check(shop.path, [type(suite)(suite.table, numbers)])
    assert [each.passed for each in found.results] == [True, True]
    with duckdb.connect(str(shop.path)) as connection:
        accepted = connection.execute(f"select distinct is_accepted from {TABLE}").fetchall()
    assert accepted == [(status == "passed",)]
