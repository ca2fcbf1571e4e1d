"""Whether a warehouse that is built day after day stays as small and as fast.

A small shop, whose customers come and go, is brought up to date on so many days in a row by
the real models of segments. Processor time and file size are shown as the run goes on; the
share is of what the first days took.

Run from the project's root: .venv/bin/python -m benchmarks.daily_runs [DAYS]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from tests.history.shop import Customer, Shop

CUSTOMERS = 200
SEGMENTS = 20
STEPS = 10


def main() -> None:
    """Print a line for each tenth of the days."""
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder)).create()
        shop.declare(
            {
                f"segment_{number}": {"where": {"revenue": {"gte": 50 * number}}}
                for number in range(SEGMENTS)
            }
        )
        print(f"{CUSTOMERS} customers, {SEGMENTS} segments, 2% of the customers change a day")
        print(f"{'day':>5} {'CPU s a run':>14} {'share':>6} {'MB':>7} {'stays':>9}")
        first, times = 0.0, []
        for day in range(days):
            _change(shop, day)
            started = time.process_time()
            shop.built(str(date(2024, 1, 1) + timedelta(days=day)))
            times.append(time.process_time() - started)
            if (day + 1) % max(1, days // STEPS) == 0:
                # The very first run reads the project.
                seconds = statistics.median(times[1:])
                first = first or seconds
                size = shop.warehouse.stat().st_size / 1e6
                ((stays,),) = shop.query("select count(*) from fct_segment_stays")
                print(
                    f"{day + 1:>5} {seconds:>14.2f} {seconds / first:>6.2f}"
                    f" {size:>7.1f} {stays:>9,}",
                    flush=True,
                )
                times = times[:1]


def _change(shop: Shop, day: int) -> None:
    """Give one of fifty customers another revenue."""
    for number in range(CUSTOMERS):
        if day == 0 or (number + day) % 50 == 0:
            revenue = (number * 37 + day * 101) % 1000
            shop.customers[f"shop:{number:04}"] = Customer(revenue, rows=day + 1)


if __name__ == "__main__":
    main()
