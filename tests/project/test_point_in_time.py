"""A warehouse as of a date is the one that was there on that date: nothing leaks back.

Three dates, each built from the full raw data and from what had happened by then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from kohorte.demo import generate

from tests.conftest import DEMO_SEED, DEMO_UNTIL, Dbt
from tests.project.reference_features import Facts, attributes, is_same, read_attributes

TIMEZONE = "Europe/Vienna"
CUSTOMERS = 300
#: As instants of UTC: on a leap day in the evening, at the midnight after the clocks went
#: forward, and in the morning after they went back.
MOMENTS = {
    "leap_day": "2024-02-29 17:00:00",
    "after_spring": "2025-03-30 22:00:00",
    "after_autumn": "2025-10-27 07:00:00",
}
#: When each raw row came to be. A table that is not named has no time.
HAPPENED_AT = {
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
#: What happens to rows of the last days at the very instant and later, so that there is
#: something to leak: for which keys (by their last digits), and what the columns become.
HAPPENING = {
    "orders": {
        "012": {"state": "'cancelled'", "cancelled_at": "{as_of}"},
        "345": {
            "state": "'returned'",
            "refunded": "goods_value - discount",
            "refunded_at": "{as_of} + interval 1 hour",
        },
    },
    "order_items": {
        "345": {"returned_quantity": "quantity", "returned_at": "{as_of} + interval 1 hour"},
    },
    "messages": {
        "012": {"opened_at": "{as_of}", "clicked_at": "{as_of}"},
        "345": {"unsubscribed_at": "{as_of}"},
        "67": {"delivered_at": "null", "bounced_at": "{as_of}"},
    },
}
KEYS = {"orders": "order_no", "order_items": "order_no", "messages": "message_no"}
#: What a row was before it happened, by the column with the time.
BEFORE: dict[str, dict[str, dict[str, str]]] = {
    "orders": {
        "cancelled_at": {"state": "'open'"},
        "refunded_at": {"state": "'delivered'", "refunded": "0"},
    },
    "order_items": {"returned_at": {"returned_quantity": "0"}},
    "messages": {
        "delivered_at": {},
        "opened_at": {},
        "clicked_at": {},
        "unsubscribed_at": {},
        "bounced_at": {},
    },
}
#: Models of raw rows, which are of any time: mappings read the files, checks judge them.
ABOUT_RAW_FILES = "stg_.*|int_events_.*|int_shop__.*"
ABOUT_RAW_ROWS = "quarantine|int_row_counts|int_row_sums|int_.*_checked"


@dataclass(frozen=True)
class Moment:
    """Two warehouses of a date: `whole` from all raw data, `truncated` from that of the time."""

    connection: duckdb.DuckDBPyConnection

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return self.connection.execute(query).fetchall()

    def read(self, name: str, warehouse: Path) -> None:
        """Copy what a warehouse holds into a schema of that name, views as well."""
        self.rows(f"create schema {name}")
        self.rows(f"attach '{warehouse}' as {warehouse.stem} (read_only)")
        for (relation,) in self.rows(f"""
            select name from (
                select database_name, table_name as name from duckdb_tables()
                union all
                select database_name, view_name from duckdb_views()
            )
            where database_name = '{warehouse.stem}'
            and not regexp_full_match(name, '{ABOUT_RAW_FILES}')
        """):
            copied = f"from {warehouse.stem}.main.{relation}"
            self.rows(f"create table {name}.{relation} as {copied}")
        self.rows(f"detach {warehouse.stem}")

    @property
    def tables(self) -> list[str]:
        """Everything that must be the same."""
        query = f"""
            select distinct name from (select table_name as name from duckdb_tables())
            where not regexp_full_match(name, '{ABOUT_RAW_ROWS}') order by name
        """
        return [str(name) for (name,) in self.rows(query)]

    def differences(self, table: str) -> list[tuple[object, ...]]:
        """Return a few rows that only one of the two has."""
        return self.rows(f"""
            select 'whole', * from (from whole.{table} except all from truncated.{table})
            union all
            select 'truncated', * from (from truncated.{table} except all from whole.{table})
            limit 5
        """)


def cut(raw: Path, out: Path, as_of: str, *, truncated: bool) -> None:
    """Write raw tables that end at an instant by their own account, or really."""
    for folder in sorted(path for path in raw.iterdir() if path.is_dir()):
        table = folder.name
        (out / table).mkdir(parents=True)
        rows = f"select {_with_more(table, as_of)} from '{folder}/*.parquet'"
        if table == "exports":
            rows = f"select * replace ({_instant(as_of)} as covers_until) from ({rows})"
        elif truncated:
            time = HAPPENED_AT.get(table)
            kept = f"coalesce({time} < {_instant(as_of)}, true)" if time else "true"
            rows = f"select {_as_it_was(table, as_of)} from ({rows}) where {kept}"
        duckdb.sql(f"copy ({rows}) to '{out / table}/part.parquet' (format parquet)")


def _instant(as_of: str) -> str:
    return f"timestamp '{as_of}'"


def _with_more(table: str, as_of: str) -> str:
    """Return the select list that lets more happen to some rows, after the instant."""
    cases: dict[str, list[str]] = {}
    instant = _instant(as_of)
    for digits, changes in HAPPENING.get(table, {}).items():
        time = HAPPENED_AT[table]
        lately = f"{time} > {instant} - interval 20 days and {time} < {instant}"
        chosen = f"right({KEYS[table]}, 1) in {tuple(digits)} and {lately}"
        for column, value in changes.items():
            case = f"when {chosen} then {value.format(as_of=instant)}"
            cases.setdefault(column, []).append(case)
    return _replaced(cases)


def _as_it_was(table: str, as_of: str) -> str:
    """Return the select list that takes back what happened to rows after the instant."""
    cases: dict[str, list[str]] = {}
    for time, before in BEFORE.get(table, {}).items():
        for column, value in {time: "null", **before}.items():
            cases.setdefault(column, []).append(f"when {time} >= {_instant(as_of)} then {value}")
    return _replaced(cases)


def _replaced(cases: dict[str, list[str]]) -> str:
    """Return a select list in which some columns depend on conditions."""
    columns = [f"case {' '.join(when)} else {name} end as {name}" for name, when in cases.items()]
    return f"* replace ({', '.join(columns)})" if columns else "*"


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("raw") / "shop"
    generate(out, CUSTOMERS, DEMO_SEED, DEMO_UNTIL)
    return out


@pytest.fixture(scope="module")
def dbt(tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    """One project folder for all builds: with the same paths it is parsed once."""
    return Dbt(tmp_path_factory.mktemp("moments"))


@pytest.fixture(scope="module", params=MOMENTS)
def moment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, raw: Path, dbt: Dbt
) -> Iterator[Moment]:
    with duckdb.connect() as connection:
        found = Moment(connection)
        for name, truncated in (("whole", False), ("truncated", True)):
            folder = tmp_path_factory.mktemp(name)
            cut(raw, folder / "raw", MOMENTS[request.param], truncated=truncated)
            found.read(name, _built(dbt, folder))
        yield found


def _built(dbt: Dbt, folder: Path) -> Path:
    """Build from the raw data in a folder, and keep the warehouse there."""
    link = dbt.folder / "raw"
    link.unlink(missing_ok=True)
    link.symlink_to(folder / "raw", target_is_directory=True)
    result = dbt.again(
        "build",
        "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test",
        variables={"raw": {"shop": str(link)}, "timezone": TIMEZONE},
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-4000:]
    return dbt.warehouse.rename(folder / "kohorte.duckdb")


def test_every_table_is_the_one_of_the_time(moment: Moment) -> None:
    tables = moment.tables
    assert {"fct_orders", "dim_customer_features", "fct_segment_members"} <= set(tables)
    assert [(table, rows) for table in tables if (rows := moment.differences(table))] == []


@pytest.mark.parametrize(
    ("table", "time", "later"),
    [
        ("orders", "ordered_at", "cancelled_at"),
        ("orders", "ordered_at", "refunded_at"),
        ("order_lines", "ordered_at", "returned_at"),
        ("messages", "sent_at", "opened_at"),
        ("messages", "sent_at", "clicked_at"),
        ("messages", "sent_at", "unsubscribed_at"),
        ("messages", "sent_at", "bounced_at"),
    ],
)
def test_there_was_something_to_leak(moment: Moment, table: str, time: str, later: str) -> None:
    query = """
        select count(*) from {warehouse}.int_{table}_checked, whole.int_clock
        where {time} < as_of and {later} >= as_of and verdict = 'accepted'
    """
    for warehouse, least, most in (("whole", 1, 10**6), ("truncated", 0, 0)):
        found = query.format(warehouse=warehouse, table=table, time=time, later=later)
        ((count,),) = moment.rows(found)
        assert isinstance(count, int)
        assert least <= count <= most


def test_windows_and_days_are_those_of_the_wall_clock(moment: Moment) -> None:
    """Every attribute as plain Python counts it, over both changes of the clocks."""
    expected = attributes(Facts(moment.connection, "whole.", TIMEZONE))
    wrong = {}
    for name in sorted({name for own in expected.values() for name in own}):
        found = read_attributes(moment.connection, "whole.", name)
        differing = [c for c in found if not is_same(name, found[c], expected[c][name])]
        if differing:
            wrong[name] = [(c, found[c], expected[c][name]) for c in differing[:3]]
    assert wrong == {}
