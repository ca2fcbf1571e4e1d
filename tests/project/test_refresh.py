"""A refresh leaves what a build of everything would: all tables are compared, row by row.

KOHORTE_REFRESHES says how many more shops are drawn (`make fuzz-refresh` draws 20).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock
from kohorte.demo import generate
from kohorte.errors import KohorteError
from kohorte.refreshing import refresh as refreshing
from kohorte.refreshing.refresh import build

from tests.conftest import DEMO_UNTIL, ROOT, Dbt

SHOPS = int(os.environ.get("KOHORTE_REFRESHES", "0"))
#: In the first, somebody is found only when the slice is built, with rows that it then lacks;
#: in the second, orders with the till's e-mail are said of other cards.
SEEDS = (20, pytest.param(25, marks=pytest.mark.long), *range(SHOPS))
CUSTOMERS = 1000
#: In one local day, and in the next.
BEFORE, AFTER, NEXT_DAY = "2026-06-30 08:00:00", "2026-06-30 20:00:00", "2026-07-01 00:00:01"
#: By table: its key, when a row came to be, and the columns that say whose it is.
TABLES = {
    "accounts": ("account_no", "created_at", ("email", "phone", "loyalty_card_no")),
    "orders": (
        "order_no", "placed_at",
        ("account_no", "email", "phone", "loyalty_card_no", "visitor_id"),
    ),
    "order_items": ("order_no", "placed_at", ()),
    "web_events": ("event_no", "happened_at", ("account_no", "visitor_id")),
    "loyalty_ledger": ("entry_no", "booked_at", ("account_no",)),
    "messages": ("message_no", "sent_at", ("account_no", "recipient")),
    "consent_log": ("entry_no", "logged_at", ("account_no", "email")),
    "survey_answers": ("answer_no", "answered_at", ("account_no",)),
    "referrals": ("referral_no", "invited_at", ("referrer_account_no", "referred_account_no")),
}  # fmt: skip
#: What happens to a row later.
LATER = {
    "orders": ("cancelled_at", "refunded_at"),
    "order_items": ("returned_at",),
    "messages": ("delivered_at", "opened_at", "clicked_at", "unsubscribed_at", "bounced_at"),
}
#: A change of something else than whose a row is.
MENDED = {
    "accounts": "city = 'Graz'",
    "orders": "goods_value = goods_value + 1",
    "order_items": "quantity = quantity + 1",
    "web_events": "action = 'search'",
    "loyalty_ledger": "points = points + 1",
    "messages": "campaign_code = 'mended'",
    "consent_log": "change = 'opt_out'",
    "survey_answers": "answer_text = 'mended'",
    "referrals": "invited_at = invited_at - interval 1 day",
}
#: What intermediate tables keep of raw rows, and reports, are those of the last build.
OF_THE_BUILD = (
    "check_results|int_.*_checked|int_events_repeated|int_row_counts|int_identity_components"
    "|int_identity_sightings|int_identity_shared|refreshed_customers|rpt_.*"
)


def draw(full: Path, before: Path, after: Path, seed: int) -> None:
    """Write two states of a shop, of which the later one has rows that came late, are gone,
    were mended, are said of others, or come twice.
    """
    connection = duckdb.connect()
    for folder in sorted(path for path in full.iterdir() if path.is_dir()):
        table = folder.name
        connection.execute(f"create or replace table rows as from '{folder}/*.parquet'")
        for out, until in ((before, BEFORE), (after, AFTER)):
            shutil.rmtree(out / table, ignore_errors=True)
            (out / table).mkdir(parents=True)
            connection.execute("create or replace table state as from rows")
            if table in TABLES:
                _draw(connection, table, until, seed, is_later=out == after)
            elif table == "exports":
                connection.execute(f"update state set covers_until = timestamp '{until}'")
            elif table == "products" and out == after:
                connection.execute(
                    f"update state set list_price = 1 where hash(sku, {seed}) % 500 = 0"
                )
            connection.execute(f"copy state to '{out / table}/part.parquet' (format parquet)")


def _draw(
    connection: duckdb.DuckDBPyConnection, table: str, until: str, seed: int, *, is_later: bool
) -> None:
    """Make of the rows what was known of them then."""
    key, time, columns = TABLES[table]

    def drawn(what: str, share: int) -> str:
        return f"hash({key}, '{what}', {seed}) % {share} = 0"

    def run(sql: str) -> None:
        connection.execute(sql)

    later = ", ".join(
        f"{column} = case when {column} < timestamp '{until}' then {column} end"
        for column in LATER.get(table, ())
    )
    if not is_later:
        run(f"delete from state where {drawn('late', 600)} or {time} >= timestamp '{until}'")
        if later:
            run(f"update state set {later}")
        return
    run(f"delete from state where {drawn('gone', 900)}")
    run(f"update state set {MENDED[table]} where {drawn('mended', 900)}")
    for column in columns:
        # Somebody else's, nobody's, the till's, or spelled otherwise.
        run(f"""
            update state set {column} = other.{column}
            from (
                select {column}, row_number() over (order by hash({column}, {seed})) as number
                from (select distinct {column} from rows where {column} is not null)
            ) as other
            where other.number = 1 + hash({key}, {seed}) % 50 and {drawn(column, 1500)}
        """)
        run(f"update state set {column} = null where {drawn('no' + column, 1500)}")
        run(f"update state set {column} = ' ' || {column} where {drawn('as' + column, 1500)}")
        if column in ("email", "recipient"):
            run(f"update state set {column} = 'new@till.example' where {drawn('till', 300)}")
    for what, time_of_copy in (("copy", time), ("version", f"{time} + interval 1 minute")):
        run(f"""
            insert into state by name
            select * replace ({time_of_copy} as {time}) from state where {drawn(what, 1200)}
        """)
    if "account_no" in columns:
        run(f"""
            insert into state by name
            select * replace ((select max(account_no) from rows) as account_no)
            from state where {drawn("theirs", 1200)}
        """)


def differences(refreshed: Path, built: Path) -> dict[str, tuple[int, int]]:
    """Return by table how many rows only one of two warehouses has."""
    found = {}
    with duckdb.connect() as connection:
        for name, path in (("refreshed", refreshed), ("built", built)):
            connection.execute(f"attach '{path}' as {name} (read_only)")
        tables = connection.execute(f"""
            select distinct table_name from duckdb_tables()
            where not regexp_full_match(table_name, '{OF_THE_BUILD}') order by table_name
        """).fetchall()
        assert len(tables) > 70
        for (table,) in tables:
            one, other = f"refreshed.main.{table}", f"built.main.{table}"
            counts = connection.execute(f"""
                select
                    (select count(*) from (from {one} except all from {other})),
                    (select count(*) from (from {other} except all from {one}))
            """).fetchone()
            if counts and counts != (0, 0):
                found[table] = counts
    return found


class Shop:
    """A shop that was built, and to which more has come since."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.raw, self.seed = folder, folder / "raw", seed
        self.variables = {"raw": {"shop": str(self.raw)}}
        generate(folder / "full", CUSTOMERS, 11 + seed, DEMO_UNTIL)
        draw(folder / "full", folder / "before", folder / "after", seed)
        self.show("before")
        self.base = self.made("base")
        self.show("after")
        self.built = self.made("built", self.base)

    def show(self, state: str) -> None:
        shutil.rmtree(self.raw, ignore_errors=True)
        shutil.copytree(self.folder / state, self.raw)

    def made(self, name: str, of: Path | None = None) -> Path:
        """Build everything, in a warehouse of its own."""
        dbt = Dbt(self.folder / name)
        dbt.folder.mkdir()
        if of:
            shutil.copy(of, dbt.warehouse)
        done = dbt.again(
            "build", "--exclude-resource-type", "test", "unit_test", variables=self.variables
        )
        assert done.returncode == 0, done.stdout[-4000:]
        return dbt.warehouse

    def copy(self, name: str) -> Path:
        path = self.folder / name / "kohorte.duckdb"
        path.parent.mkdir()
        return Path(shutil.copy(self.base, path))


@pytest.fixture(scope="module", params=SEEDS)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("refresh"), int(request.param))


# What was killed between its steps, and is made up for, has taken every one of them as well.
@pytest.mark.long
def test_a_refresh_leaves_what_a_build_would(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = shop.copy("refreshed")
    monkeypatch.setenv("KOHORTE_WAREHOUSE", str(warehouse))

    touched, customers = build(ROOT, shop.variables)

    assert differences(warehouse, shop.built) == {}
    assert 0 < touched < customers


def test_a_killed_refresh_is_made_up_for(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = shop.copy("killed")
    monkeypatch.setenv("KOHORTE_WAREHOUSE", str(warehouse))

    def kill(connection: duckdb.DuckDBPyConnection) -> int:
        merge(connection)
        raise KeyboardInterrupt

    merge = refreshing.merge
    with monkeypatch.context() as patch:
        patch.setattr(refreshing, "merge", kill)
        with pytest.raises(KeyboardInterrupt):
            build(ROOT, shop.variables)
    assert differences(warehouse, shop.built).keys() >= {"dim_customer_features"}

    build(ROOT, shop.variables)

    assert differences(warehouse, shop.built) == {}


def test_one_refresh_of_a_project_runs_at_a_time(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = shop.copy("beside")
    monkeypatch.setenv("KOHORTE_WAREHOUSE", str(warehouse))
    for beside in (ROOT / "target/refresh", warehouse.parent / refreshing.FOLDER):
        with FileLock(f"{beside}.lock"), pytest.raises(KohorteError, match=r"refresh\.lock"):
            build(ROOT, shop.variables)


def test_another_day_needs_a_build(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = shop.copy("next_day")
    monkeypatch.setenv("KOHORTE_WAREHOUSE", str(warehouse))
    with duckdb.connect(str(warehouse)) as connection:
        # As an update leaves it that took in events after midnight.
        connection.execute(f"update int_clock set today = date '{NEXT_DAY[:10]}'")
    before = warehouse.stat()

    for as_of, words in ((NEXT_DAY, "build everything: kohorte run"), (BEFORE[:10], "last run")):
        with pytest.raises(KohorteError, match=words):
            build(ROOT, {**shop.variables, "as_of": as_of})

    assert warehouse.stat().st_mtime_ns == before.st_mtime_ns
    assert not (warehouse.parent / refreshing.FOLDER).exists()
