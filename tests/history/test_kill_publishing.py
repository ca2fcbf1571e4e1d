"""A night that is killed anywhere: in the build, in its tests, or while publishing.

`make kill` does it 30 times; the moments are drawn anew each time, over the whole night.
"""

from __future__ import annotations

import datetime
import os
import random
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest
from kohorte.project import serving_path
from kohorte.publishing.publish import publish

from tests.history.shop import Customer, Shop

KILLS = int(os.environ.get("KOHORTE_KILLS", "0"))
SEGMENTS = {f"s{n}": {"where": {"revenue": {"gte": 10 * n}}} for n in range(40)}
#: Whether what is published fits together, with the day that it is seen from.
_WHOLE = """
    select
        (select as_of from publication),
        (select max(as_of) from fct_segment_sizes),
        (select max(as_of) from dim_segments),
        (select count(*) from fct_segment_members),
        (select sum(members) from dim_segments)
"""


def start(shop: Shop, as_of: str) -> subprocess.Popen[bytes]:
    """Start building, testing and publishing, in a group that can be killed whole."""
    shop.fill()
    programs = [Path(sys.executable).with_name(name) for name in ("dbt", "kohorte")]
    build = shlex.join([str(programs[0]), *shop.arguments(as_of, command="build")])
    publishing = shlex.join([str(programs[1]), "publish", "--project-dir", str(shop.folder)])
    return subprocess.Popen(
        ["sh", "-c", f"{build} && {publishing}"],
        cwd=shop.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def let_go(shop: Shop) -> None:
    """Wait until the killed programs are gone, and their locks with them."""
    for _ in range(100):
        try:
            duckdb.connect(str(shop.warehouse)).close()
            return
        except duckdb.IOException:
            time.sleep(0.1)


def seen(shop: Shop, *, private: bool) -> Any:
    """Return the day that a file is seen from; what is in it must be whole."""
    with duckdb.connect(str(serving_path(shop.folder, private=private)), read_only=True) as file:
        as_of, sized, defined, members, counted = file.sql(_WHOLE).fetchall()[0]
    assert as_of == sized == defined
    assert members == counted
    return as_of


@pytest.mark.skipif(not KILLS, reason="takes minutes; run: make kill")
def test_readers_of_a_killed_night_have_the_day_before_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(tmp_path).create()
    monkeypatch.setenv("KOHORTE_WAREHOUSE", str(shop.warehouse))
    shop.declare(SEGMENTS)
    draw = random.Random()
    length, kills, day = 8.0, 0, datetime.datetime(2026, 1, 1)
    moments: dict[str, int] = {"before": 0, "after": 0}
    assert start(shop, str(day.date())).wait() == 0
    while kills < KILLS:
        before, day = day, day + datetime.timedelta(days=1)
        for number in draw.sample(range(60), 20):
            shop.customers[f"c{number}"] = Customer(draw.randrange(0, 400, 10), rows=day.day)
        night = start(shop, str(day.date()))
        begun = time.monotonic()
        try:
            night.wait(timeout=draw.uniform(0.1, 1.0) * length)
            length = time.monotonic() - begun
        except subprocess.TimeoutExpired:
            os.killpg(night.pid, signal.SIGKILL)
            night.wait()
            let_go(shop)
            kills += 1
            length *= 1.02
        found = {seen(shop, private=private) for private in (False, True)}
        assert found in ({before}, {day})
        moments["after" if found == {day} else "before"] += 1
        assert shop.run(str(day.date()), command="build").success
        publish(shop.folder)
        assert {seen(shop, private=private) for private in (False, True)} == {day}
    print(f"killed {kills} times; readers had {moments}")
