"""A replay writes what the runs of those days would have written."""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path
from typing import Any

import pytest
from kohorte import replay as replaying
from kohorte.errors import KohorteError
from kohorte.every import Every
from kohorte.replay import adopt, moments, replay, replay_path

from tests.history.shop import Customer, Shop

FIRST = datetime.date(2026, 1, 1)
DAYS = [FIRST + datetime.timedelta(days=number) for number in range(4)]
SPECS: dict[str, Any] = {
    "big": {"where": {"revenue": {"gte": 500}}},
    "newly_big": {"where": {"in_segment": "big", "entered": {"within": "2 days"}}},
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop whose customers are in its raw data, as it were, and which nobody built yet."""
    monkeypatch.delenv("KOHORTE_WAREHOUSE", raising=False)
    (tmp_path / "shop").mkdir()
    shop = Shop(tmp_path / "shop").create()
    shop.declare(SPECS)
    shop.customers = {"ann": Customer(600), "bob": Customer(100)}
    given(shop)
    return shop


def given(shop: Shop) -> None:
    """Let the file of a replay have what models would make of raw data."""
    shop.fill()
    replay_path(shop.folder).parent.mkdir(parents=True)
    shutil.move(shop.warehouse, replay_path(shop.folder))


def read(shop: Shop, file: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return the tables of segments in a file."""
    shutil.copy(file, shop.warehouse)
    return {name: rows for name, rows in shop.tables().items() if "runs" not in name}


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is there before the replay: take it for one that was begun."""
    monkeypatch.setattr(replaying, "_goes_on", lambda *_: True)
    monkeypatch.setattr(replaying, "_read", lambda _: {"days": []})


@pytest.mark.usefixtures("begun")
def test_a_replay_is_what_daily_runs_would_have_written(shop: Shop, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    done = replay(shop.folder, DAYS, progress=lambda *told: seen.append(told))
    assert (done.moments, done.written) == (4, 4)
    assert seen == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]

    (tmp_path / "daily").mkdir()
    daily = Shop(tmp_path / "daily").create()
    daily.declare(SPECS)
    daily.customers = shop.customers
    for day in DAYS:
        daily.built(str(day))
    written = read(shop, done.warehouse)
    expected = {name: rows for name, rows in daily.tables().items() if "runs" not in name}
    assert written == expected
    assert shop.stays("newly_big") == [("ann", "01-01", "01-04")]

    # Again, nothing is left but the last moment, which changes nothing.
    again = replay(shop.folder, DAYS)
    assert again.written == 1
    assert read(shop, done.warehouse) == written


@pytest.mark.usefixtures("begun")
@pytest.mark.parametrize(
    "timezone",
    ["Pacific/Auckland", pytest.param("America/Los_Angeles", marks=pytest.mark.long)],
)
def test_a_replay_that_was_stopped_goes_on(shop: Shop, timezone: str) -> None:
    settings = shop.folder / "dbt_project.yml"
    there = settings.read_text(encoding="utf-8")
    settings.write_text(there.replace("timezone: UTC", f"timezone: {timezone}"), encoding="utf-8")
    replay(shop.folder, DAYS[:2])
    done = replay(shop.folder, DAYS)
    assert done.written == 3
    whole = read(shop, done.warehouse)

    (shop.folder.parent / "other").mkdir()
    other = Shop(shop.folder.parent / "other").create()
    other.declare(SPECS)
    other.customers = shop.customers
    shutil.copy(settings, other.folder)
    given(other)
    assert read(other, replay(other.folder, DAYS).warehouse) == whole


@pytest.mark.usefixtures("begun")
def test_a_replay_takes_the_place_of_the_warehouse_unless_it_ends_before(shop: Shop) -> None:
    with pytest.raises(KohorteError, match="there is no replay"):
        adopt(shop.folder)
    done = replay(shop.folder, DAYS[:2])
    own = shop.folder / "warehouse" / "kohorte.duckdb"
    shutil.copy(done.warehouse, own)
    replay(shop.folder, DAYS[:3])
    log = own.with_name("kohorte.duckdb.wal")
    log.touch()
    kept = adopt(shop.folder)
    assert not log.exists()
    assert kept is not None
    assert kept.exists()
    assert not done.warehouse.exists()
    shutil.copy(kept, done.warehouse)
    with pytest.raises(KohorteError, match="--to of 2026-01-03 or later"):
        adopt(shop.folder)


def test_a_file_with_another_replay_is_not_touched(shop: Shop) -> None:
    before = replay_path(shop.folder).read_bytes()
    with pytest.raises(KohorteError, match="--anew"):
        replay(shop.folder, DAYS)
    assert replay_path(shop.folder).read_bytes() == before


@pytest.mark.parametrize(
    ("days", "made_from", "goes_on"),
    [
        (["1", "2"], "specs", True),
        (["1"], "specs", True),
        (["1", "2", "3"], "specs", True),
        (["1", "3"], "specs", False),
        (["1", "2"], "other specs", False),
    ],
)
def test_only_the_same_replay_is_gone_on_with(
    days: list[str], made_from: str, goes_on: bool
) -> None:
    told = {"days": ["1", "2"], "made_from": "specs"}
    assert replaying._goes_on({"days": days, "made_from": made_from}, told) is goes_on
    assert not replaying._goes_on({}, told)


def test_moments() -> None:
    def days(first: str, last: str, every: Every) -> list[str]:
        begin, end = map(datetime.date.fromisoformat, (first, last))
        found = moments(begin, end, every)
        return [str(day) for day in found]

    assert days("2026-01-30", "2026-02-02", Every.DAY) == [
        "2026-01-30", "2026-01-31", "2026-02-01", "2026-02-02",
    ]  # fmt: skip
    assert days("2026-01-01", "2026-01-20", Every.WEEK) == [
        "2026-01-01", "2026-01-08", "2026-01-15",
    ]  # fmt: skip
    assert days("2026-01-31", "2026-04-01", Every.MONTH) == [
        "2026-01-31", "2026-02-28", "2026-03-31",
    ]  # fmt: skip
    with pytest.raises(KohorteError, match="lies before"):
        days("2026-02-01", "2026-01-01", Every.DAY)
