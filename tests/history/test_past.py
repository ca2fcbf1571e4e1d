"""A segment that is declared late has the past that it would have had from the first day."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from kohorte.errors import KohorteError
from kohorte.past import give_past, require_known
from kohorte.publishing.checks import verdict
from kohorte.replay import replay_path

from tests.history.shop import Customer, Shop

LATE: dict[str, Any] = {
    "big": {
        "where": {"revenue": {"gte": 500}},
        "split": {"seed": "spring", "variants": {"control": 50, "rest": 50}},
    },
}
OLD: dict[str, Any] = {"young": {"where": {"age": {"lt": 30}}}}
LADDER = {
    "status": {
        "by": "revenue",
        "tiers": {"gold": 1000, "bronze": 500},
        "grace": "1 day",
    }
}
#: Who spent how much, day by day.
SPENT = {
    "01": {"ann": 600, "bob": 100, "cid": 1500, "dan": 700, "eve": 900, "fay": 700},
    "02": {"ann": 600, "bob": 100, "cid": 400, "dan": 100, "eve": 900, "fay": 700},
    "03": {"ann": 600, "bob": 800, "cid": 400, "dan": 100, "eve": 900, "fay": 700},
    "04": {"ann": 600, "bob": 800, "cid": 400, "dan": 1200, "eve": 900, "fay": 700},
    "05": {"ann": 0, "bob": 800, "cid": 400, "dan": 1200, "eve": 0, "fay": 700},
    "06": {"ann": 700, "bob": 800, "cid": 400, "dan": 1200, "eve": 0, "fay": 700},
    "07": {"ann": 700, "bob": 0, "cid": 900, "dan": 1200, "eve": 0, "fay": 700},
}
FIRST_RUN = "04"


def build(shop: Shop, day: str) -> None:
    shop.customers = {key: Customer(spent, age=25) for key, spent in SPENT[day].items()}
    shop.built(f"2026-01-{day}")


@pytest.fixture(scope="module")
def ideal(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the file of a shop that had the segments from the first day, after each day."""
    shop = Shop(tmp_path_factory.mktemp("ideal")).create()
    shop.declare({**OLD, **LATE}, ladders=LADDER)
    files = {}
    for day in SPENT:
        build(shop, day)
        files[day] = shop.folder / f"{day}.duckdb"
        shutil.copy(shop.warehouse, files[day])
    return files


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a shop that was given them on the fourth, as of the sixth."""
    shop = Shop(tmp_path_factory.mktemp("late")).create()
    shop.declare(OLD)
    for day in SPENT:
        if day == FIRST_RUN:
            shop.declare({**OLD, **LATE}, ladders=LADDER)
        if day <= "06":
            build(shop, day)
    return shop.folder


@pytest.fixture
def late(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.delenv("KOHORTE_WAREHOUSE", raising=False)
    shutil.copytree(built, tmp_path / "late")
    shop = Shop(tmp_path / "late")
    own = shop.folder / "warehouse" / "kohorte.duckdb"
    own.parent.mkdir(exist_ok=True)
    return shop


def give(shop: Shop, replayed: Path, *names: str) -> None:
    """Have a replay there, and take the past of segments from it."""
    own = shop.folder / "warehouse" / "kohorte.duckdb"
    replay_path(shop.folder).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(replayed, replay_path(shop.folder))
    shutil.copy(shop.warehouse, own)
    try:
        give_past(shop.folder, names)
    finally:
        shutil.copy(own, shop.warehouse)


def history(shop: Shop, file: Path | None = None) -> dict[str, list[tuple[Any, ...]]]:
    """Return everything that is told of the past."""
    if file:
        shutil.copy(file, shop.warehouse)
    tables = (
        "fct_segment_stays", "fct_segment_transitions", "fct_segment_sizes", "fct_segment_holdouts",
        "fct_segment_members", "fct_segment_branches",
    )  # fmt: skip
    return {name: shop.query(f"from {name} order by all") for name in tables}


def test_the_past_is_that_of_a_segment_declared_on_the_first_day(
    late: Shop, ideal: dict[str, Path]
) -> None:
    give(late, ideal["05"], "big", "status")
    given = history(late)
    build(late, "07")
    after = history(late)
    assert given == history(late, ideal["06"])
    assert after == history(late, ideal["07"])


def test_the_other_segments_are_left_alone(late: Shop, ideal: dict[str, Path]) -> None:
    before = history(late)
    give(late, ideal["05"], "big")
    for name, rows in history(late).items():
        others = [row for row in rows if row[0] != "big"]
        assert others == [row for row in before[name] if row[0] != "big"]
    assert len(late.stays("big")) > len(before)


def test_a_replay_that_leaves_a_gap_or_adds_nothing_is_refused(
    late: Shop, ideal: dict[str, Path]
) -> None:
    with pytest.raises(KohorteError, match="write on, with a later --to"):
        give(late, ideal["03"], "big")
    give(late, ideal["04"], "big")
    with pytest.raises(KohorteError, match="or earlier"):
        give(late, ideal["04"], "big")


def test_what_the_first_run_did_not_find_had_left_by_then(
    late: Shop, ideal: dict[str, Path]
) -> None:
    with duckdb.connect(str(late.warehouse)) as connection:
        connection.execute(
            "delete from fct_segment_stays where segment = 'big' and customer_id = 'ann'"
        )
    give(late, ideal["05"], "big")
    assert ("ann", "01-01", "01-04") in late.stays("big")
    assert ("ann", "left", "definition", "01-04") in late.transitions("big")


def test_nothing_is_published_before_it_is_checked_again(
    late: Shop, ideal: dict[str, Path]
) -> None:
    def outdated() -> set[str]:
        with duckdb.connect(str(late.warehouse)) as connection:
            connection.execute("update check_results set status = 'passed' where kind = 'test'")
            connection.execute(
                "update check_results set run = (select max(run) from check_results)"
                " where kind = 'test' and run = 0"
            )
            found = verdict(connection, "main").blocking
        return {line for line in found if "built anew" in line}

    assert outdated() == set()
    give(late, ideal["05"], "big")
    assert any("segment_stays_do_not_overlap" in line for line in outdated())


@pytest.mark.parametrize(
    ("name", "message"),
    [("nobody", "knows no such segment"), ("young", "or earlier")],
)
def test_nothing_changes_when_there_is_no_past(
    late: Shop, ideal: dict[str, Path], name: str, message: str
) -> None:
    before = history(late)
    with pytest.raises(KohorteError, match=message):
        give(late, ideal["05"], "big", name)
    assert history(late) == before


def test_a_replay_of_another_definition_is_refused(late: Shop, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Shop(tmp_path / "other").create()
    other.declare({**OLD, **LATE, "big": {"where": {"revenue": {"gte": 600}}}}, ladders=LADDER)
    for day in ("01", "04"):
        build(other, day)
    with pytest.raises(KohorteError, match="another definition"):
        give(late, other.warehouse, "big")


def test_an_earlier_past_can_be_put_before_one(
    late: Shop, ideal: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "middle").mkdir()
    middle = Shop(tmp_path / "middle").create()
    middle.declare({**OLD, **LATE}, ladders=LADDER)
    for day in ("03", "04"):
        build(middle, day)
    give(late, middle.warehouse, "big")
    assert ("ann", "01-03", "01-05") in late.stays("big")
    give(late, ideal["05"], "big")
    stays = late.stays("big")
    history(late, ideal["06"])
    assert stays == late.stays("big")


def test_a_name_that_nobody_knows_is_told_before_anything_is_replayed(late: Shop) -> None:
    own = late.folder / "warehouse" / "kohorte.duckdb"
    shutil.copy(late.warehouse, own)
    require_known(late.folder, ["big", "status"])
    with pytest.raises(KohorteError, match="bigg: the warehouse knows no such segment"):
        require_known(late.folder, ["big", "bigg"])
