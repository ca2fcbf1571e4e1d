"""Which faults in raw data the checks find, and how often they are wrong about good data.

The demo shop is built as of one day and accepted. Then each fault is put into the raw files
that arrive on the day after, everything is built again from there, and checked. A fault is
found by tests of dbt (of the raw rows or of the models) or by the quality checks; the table
names the first few. After that the clean data is built and checked day by day.

Run from the project's root: .venv/bin/python -m benchmarks.quality_faults [DAYS [good]]
With `good` no fault is tried.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
from kohorte.dbt_runs import READ_FILE, run_dbt
from kohorte.errors import KohorteError
from kohorte.run import DEMO_CUSTOMERS, DEMO_SEED, DEMO_UNTIL, make_demo

from orchestration.quality.metrics import accept
from orchestration.quality.recording import check
from orchestration.quality.suites import SUITES

ROOT = Path(__file__).resolve().parents[1]
#: Features and segments are made of what these find; leaving them out saves most of the time.
WITHOUT = ("dim_customer_features", "dim_segments", "fct_segment_members")
TODAY = DEMO_UNTIL + timedelta(days=1)
NEW = f"timestamp '{DEMO_UNTIL}'"
_SHOWN = 3
#: When what a raw table tells of happened.
HAPPENED = {
    "accounts": "created_at", "orders": "placed_at", "order_items": "placed_at",
    "web_events": "happened_at", "loyalty_ledger": "booked_at", "messages": "sent_at",
    "consent_log": "logged_at", "survey_answers": "answered_at", "referrals": "invited_at",
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """What goes wrong with the rows of one raw table: a query of its rows, `raw`."""

    words: str
    table: str
    query: str


def _replaced(table: str, words: str, columns: str, condition: str = "true") -> Fault:
    """Return a fault that changes columns of some rows."""
    changed = f"select * replace ({columns}) from raw where {condition}"
    return Fault(words, table, f"{changed} union all select * from raw where not ({condition})")


ORDERS_NEW, EVENTS_NEW = f"placed_at >= {NEW}", f"happened_at >= {NEW}"
FAULTS = (
    Fault("half of a file", "orders", "select * from raw where hash(order_no) % 2 = 0"),
    Fault("a file cut off", "web_events", "select * from raw where event_no < 'E0000090000'"),
    Fault("a doubled file", "orders", "select * from raw union all select * from raw"),
    Fault("the file of the day before again", "orders",
          f"select * from raw where not ({ORDERS_NEW})"),
    Fault("a stopped feed", "web_events", f"select * from raw where not ({EVENTS_NEW})"),
    Fault("a feed at half its rate", "web_events",
          f"select * from raw where not ({EVENTS_NEW}) or hash(event_no) % 5 < 2"),
    Fault("an empty file", "products", "select * from raw where false"),
    _replaced("orders", "a currency mix-up: cents instead of euros",
              "goods_value * 100 as goods_value, discount * 100 as discount, tax * 100 as tax,"
              " shipping_fee * 100 as shipping_fee, total * 100 as total", ORDERS_NEW),
    _replaced("orders", "a currency mix-up: another code", "'CHF' as currency", ORDERS_NEW),
    _replaced("accounts", "a column shifted", "phone as email, loyalty_card_no as phone,"
              " first_name as loyalty_card_no, last_name as first_name, sex as last_name"),
    _replaced("web_events", "a time zone change: eight hours later",
              "happened_at + interval 8 hour as happened_at",
              f"happened_at >= {NEW} - interval 8 hour"),
    Fault("a bot flood", "web_events",
          "select * from raw union all select * exclude (n) replace ('B' || n as"
          " event_no,"
          f" 'v-bot' as visitor_id, 'S-bot' as session_no, {NEW} + to_seconds(n * 20)"
          " as happened_at, null as account_no) from (select * from raw limit 1)"
          " cross join range(4000) as flood (n)"),
    _replaced("accounts", "an e-mail column gone", "null::varchar as email"),
    _replaced("accounts", "a date of birth gone", "null::date as birthday"),
    _replaced("accounts", "a code renamed: sex as words", "'female' as sex", "sex = 'w'"),
    _replaced("orders", "negative amounts", "-goods_value as goods_value, -total as total",
              ORDERS_NEW),
    _replaced("orders", "dates in the future", "placed_at + interval 1 year as placed_at",
              ORDERS_NEW),
    _replaced("orders", "keys cut off", "left(order_no, 8) as order_no"),
    _replaced("order_items", "keys of another form", "lower(sku) as sku"),
    _replaced("order_items", "quantities ten times as large", "quantity * 10 as quantity",
              ORDERS_NEW),
    _replaced("web_events", "an event renamed", "'pdp_view' as action",
              f"action = 'product' and {EVENTS_NEW}"),
    _replaced("web_events", "a session lost: all null", "null::varchar as session_no", EVENTS_NEW),
    _replaced("loyalty_ledger", "a sign turned round", "-points as points",
              f"booked_at >= {NEW} - interval 30 day"),
    _replaced("messages", "what was delivered is not told",
              "null::timestamp as delivered_at"),
    _replaced("products", "prices ten times as high", "list_price * 10 as list_price"),
    _replaced("products", "categories gone", "null::varchar as category_code,"
              " null::varchar as breadcrumb"),
)  # fmt: skip


class Shop:
    """The demo's raw files and a warehouse in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.raw = folder / "raw"
        self.clean = folder / "clean"
        self.warehouse = folder / "kohorte.duckdb"
        self.read: bytes | None = None
        make_demo(self.clean, DEMO_CUSTOMERS, DEMO_SEED, DEMO_UNTIL)
        self.mend()

    def mend(self) -> None:
        """Have the raw files as they should be."""
        shutil.rmtree(self.raw, ignore_errors=True)
        shutil.copytree(self.clean, self.raw)

    def cut_off(self, day: date) -> None:
        """Have only the raw rows that were there when a day began."""
        self.mend()
        with duckdb.connect() as connection:
            for table, column in HAPPENED.items():
                (path,) = (self.raw / table).glob("*.parquet")
                connection.execute(f"create or replace table raw as from read_parquet('{path}')")
                connection.execute(
                    f"copy (select * from raw where not coalesce({column} >= '{day}', false))"
                    f" to '{path}' (format parquet)"
                )

    def break_(self, fault: Fault) -> None:
        """Put a fault into the raw files."""
        (path,) = (self.raw / fault.table).glob("*.parquet")
        with duckdb.connect() as connection:
            connection.execute(f"create table raw as from read_parquet('{path}')")
            connection.execute(f"copy ({fault.query}) to '{path}' (format parquet)")

    def build(self, as_of: date, *, with_tests: bool = True) -> list[str]:
        """Build as of a day; return the names of the tests of dbt that did not pass.

        The words `dbt fails` stand for a model that could not be built.
        """
        tables = [suite.table for suite in SUITES if suite.table not in WITHOUT]
        variables = {"as_of": str(as_of), "raw": {"shop": str(self.raw)}}
        target = str(self.folder / "target")
        arguments = [
            "build", "--quiet", "--log-level", "none", "--project-dir", str(ROOT),
            "--profiles-dir", str(ROOT), "--target-path", target, "--log-path", target,
            "--vars", json.dumps(variables), "--select", *(f"+{table}" for table in tables),
        ]  # fmt: skip
        arguments += ["--exclude-resource-type", "unit_test", *([] if with_tests else ["test"])]
        done = run_dbt(arguments, self.warehouse, self.read)
        if self.read is None:
            self.read = (self.folder / "target" / READ_FILE).read_bytes()
        results = getattr(done.result, "results", ())
        if not results or any(each.status == "error" for each in results):
            return ["dbt fails"]
        return [each.node.name for each in results if each.status in ("fail", "warn")]

    def unlike(self) -> list[tuple[str, str]]:
        """Return severity and name of the quality checks that do not pass."""
        suites = [suite for suite in SUITES if suite.table not in WITHOUT]
        return [
            (each.check.severity, f"{each.table}.{each.check.name}")
            for each in check(self.warehouse, suites).results
            if not each.passed
        ]


def found_by(shop: Shop, base: Path, known: set[str], fault: Fault) -> tuple[str, list[str]]:
    """Return what a fault leads to, and what finds it: quality checks first."""
    shutil.copy(base, shop.warehouse)
    shop.mend()
    shop.break_(fault)
    tests = [f"dbt: {name}" for name in shop.build(TODAY) if name not in known]
    if tests == ["dbt: dbt fails"]:
        return "stops", tests
    try:
        checks = shop.unlike()
    except KohorteError:
        return "stops", tests
    names = [name for _, name in sorted(checks)]
    blocks = any(severity == "critical" for severity, _ in checks)
    return ("blocks" if blocks else "warns" if names or tests else "MISSED"), names + tests


def good_days(shop: Shop, days: int) -> Iterator[tuple[date, list[tuple[str, str]]]]:
    """Yield what the checks find on each of the last days of clean data."""
    shop.warehouse.unlink()
    for back in range(days, -1, -1):
        day = TODAY - timedelta(days=back)
        shop.cut_off(day)
        shop.build(day, with_tests=False)
        found = shop.unlike()
        accept(shop.warehouse)
        yield day, found


def main() -> None:
    """Print a line for each fault, and one for the good days."""
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 90
    faults = FAULTS if len(sys.argv) < 3 else ()
    with tempfile.TemporaryDirectory() as name:
        shop = Shop(Path(name))
        base = Path(name) / "base.duckdb"
        known = set(shop.build(TODAY - timedelta(days=1)))
        found = shop.unlike()
        print(f"first run: {len(found)} false alarms {found or ''}")
        accept(shop.warehouse)
        shutil.copy(shop.warehouse, base)
        known |= set(shop.build(TODAY))
        print(f"the day after, clean: {len(found := shop.unlike())} false alarms {found or ''}")
        counts = dict.fromkeys(("stops", "blocks", "warns", "MISSED"), 0)
        for fault in faults:
            outcome, names = found_by(shop, base, known, fault)
            counts[outcome] += 1
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            print(f"{outcome:<7} {fault.table}: {fault.words}", flush=True)
            print(f"        {', '.join(names[:_SHOWN])}{more}", flush=True)
        print(f"{len(faults)} faults: " + ", ".join(f"{n} {what}" for what, n in counts.items()))
        alarms = []
        for day, found in good_days(shop, days):
            alarms += [(day, *each) for each in found]
        print(f"{days + 1} good days: {len(alarms)} false alarms {alarms or ''}")


if __name__ == "__main__":
    main()
