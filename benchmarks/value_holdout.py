"""How well the value model predicts: fitted to a warehouse's first part, held to the rest.

Run from the project's root, with a built warehouse and the day at which to split it:
.venv/bin/python benchmarks/value_holdout.py warehouse/kohorte.duckdb 2025-07-01
"""

from __future__ import annotations

import argparse
import datetime
import time
from pathlib import Path

import duckdb
import numpy as np
from kohorte.value import bg_nbd, gamma_gamma
from kohorte.value.maximum import Floats

HISTORIES = """
    with days as (
        select customer_id, ordered_date, sum(net_revenue) as net_revenue
        from fct_orders
        where not is_cancelled and customer_id is not null
        group by all
    ),
    first_days as (
        select customer_id, min(ordered_date) as first_date
        from days group by all having first_date < $split
    )
    select
        count(*) filter (where ordered_date < $split) - 1 as x,
        max(ordered_date) filter (where ordered_date < $split) - first_date as t_x,
        $split - first_date as t,
        sum(net_revenue) filter (where ordered_date > first_date and ordered_date < $split)
            as repeat_value,
        count(*) filter (where ordered_date >= $split) as orders_after,
        sum(net_revenue) filter (where ordered_date >= $split) as revenue_after
    from days inner join first_days using (customer_id)
    group by customer_id, first_date
    order by customer_id
"""


def read(path: Path, split: datetime.date) -> tuple[dict[str, Floats], int]:
    """Return what was known of each customer at the split, what came, and in how long."""
    with duckdb.connect(str(path), read_only=True) as connection:
        (horizon,) = connection.execute(
            "select today - $split from int_clock", {"split": split}
        ).fetchone() or (0,)
        found = connection.execute(HISTORIES, {"split": split}).fetchnumpy()
    columns = {
        name: np.ma.filled(np.ma.asarray(column).astype(np.float64), 0.0)
        for name, column in found.items()
    }
    return columns, int(horizon)


def compare(name: str, predicted: Floats, actual: Floats) -> None:
    """Print totals, how far off they are, and the correlation among customers."""
    off = predicted.sum() / actual.sum() - 1
    correlation = np.corrcoef(predicted, actual)[0, 1]
    print(
        f"{name:<28} {predicted.sum():>12,.0f} {actual.sum():>12,.0f} {off:>+7.1%}"
        f" {correlation:>12.2f}"
    )


def deciles(predicted: Floats, actual: Floats) -> None:
    """Print both sums for each tenth of the customers, the most promising first."""
    ranked = np.argsort(-predicted, kind="stable")
    print(f"{'tenth':<28} {'predicted':>12} {'actual':>12}")
    tenths = np.array_split(ranked, 10)
    for number, tenth in enumerate(tenths, 1):
        print(f"{number:<28} {predicted[tenth].sum():>12,.0f} {actual[tenth].sum():>12,.0f}")
    sums = np.array([[column[tenth].sum() for tenth in tenths] for column in (predicted, actual)])
    print(f"correlation of the tenths: {np.corrcoef(sums)[0, 1]:.3f}")


def main() -> None:
    """Fit the first part, and print parameters and predictions beside the second."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("warehouse", type=Path)
    parser.add_argument("split", type=datetime.date.fromisoformat)
    arguments = parser.parse_args()
    known, horizon = read(arguments.warehouse, arguments.split)
    x, histories = known["x"], (known["x"], known["t_x"], known["t"])
    values = np.maximum(known["repeat_value"], 0) / np.maximum(x, 1)
    started = time.perf_counter()
    orders = bg_nbd.fit(*histories)
    spending = gamma_gamma.fit(x, values)
    seconds = time.perf_counter() - started
    paying = (x > 0) & (values > 0)
    independence = np.corrcoef(x[paying], values[paying])[0, 1]
    print(f"{len(x):,} customers, {np.count_nonzero(x):,} came back; fitted in {seconds:.1f} s")
    print(orders, f"log-likelihood {bg_nbd.log_likelihood(orders, *histories):,.1f}")
    print(spending, f"mean {spending.mean:,.2f}; correlation with x {independence:.2f}")
    expected = bg_nbd.expected_orders(orders, *histories, horizon)
    revenue = expected * gamma_gamma.expected_value(spending, x, values)
    print(f"\n{f'next {horizon} days':<28} {'predicted':>12} {'actual':>12} {'off':>7} correlation")
    compare("order days", expected, known["orders_after"])
    compare("order days, rate so far", x / known["t"] * horizon, known["orders_after"])
    compare("net revenue", revenue, known["revenue_after"])
    so_far = known["repeat_value"] / known["t"] * horizon
    compare("net revenue, rate so far", so_far, known["revenue_after"])
    print()
    deciles(expected, known["orders_after"])


if __name__ == "__main__":
    main()
