"""A run that is killed anywhere and started again ends as if nothing had happened.

KOHORTE_KILLS says how often (`make kill` does it 30 times); the moments are drawn anew each
time, over the whole length of a run.
"""

from __future__ import annotations

import datetime
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.history.shop import Customer, Shop

KILLS = int(os.environ.get("KOHORTE_KILLS", "1"))
SEGMENTS = {
    **{f"s{n}": {"where": {"revenue": {"gte": 10 * n}}} for n in range(80)},
    "before": {"where": {"was_in_segment": "s40", "within": "5 days"}},
    "taken": {"kind": "snapshot", "where": {"revenue": {"gte": 400}}},
}
LADDERS = {"status": {"by": "revenue", "tiers": {"low": 100, "high": 500}, "grace": "3 days"}}


def start(shop: Shop, as_of: str) -> subprocess.Popen[bytes]:
    """Start dbt in a process of its own, in a group that can be killed whole."""
    shop.fill()
    return subprocess.Popen(
        [str(Path(sys.executable).with_name("dbt")), *shop.arguments(as_of)],
        cwd=shop.folder,
        env={**os.environ, "KOHORTE_WAREHOUSE": str(shop.warehouse)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def test_a_killed_run_leaves_nothing_half_done(tmp_path: Path) -> None:
    shops = []
    for name in ("calm", "killed"):
        (tmp_path / name).mkdir()
        shop = Shop(tmp_path / name).create()
        shop.declare(SEGMENTS, ladders=LADDERS)
        shops.append(shop)
    calm, killed = shops
    draw = random.Random()
    length, kills, day = 5.0, 0, 0
    while kills < KILLS:
        day += 1
        for number in draw.sample(range(60), 20):
            customer = Customer(draw.randrange(0, 800, 10), rows=day)
            calm.customers[f"c{number}"] = killed.customers[f"c{number}"] = customer
        as_of = str(datetime.date(2026, 1, 1) + datetime.timedelta(days=day))
        calm.built(as_of)
        process = start(killed, as_of)
        begun = time.monotonic()
        moment = draw.uniform(0.3, 1.0) * length
        try:
            process.wait(timeout=moment)
            length = time.monotonic() - begun
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
            length *= 1.03
        killed.built(as_of)
        assert killed.tables() == calm.tables(), f"{as_of}, killed after {moment:.1f} s"
