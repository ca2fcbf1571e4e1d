"""What it costs to bring members, stays and transitions up to date, by share of changes.

The rival compares the long tables of members before and now by two anti-joins, and writes
the members anew. Ours is the model fct_segment_stays with all its hooks, as dbt runs it.
Both work in one DuckDB file, one after the other, for each share of customers changed.

Run from the project's root: .venv/bin/python -m benchmarks.membership_history [CUSTOMERS]
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from tests.history.shop import TABLES, Shop

SEGMENTS = 200
#: The share of all customers that each segment holds, on average.
SHARE = 0.085
CHANGED = (0.001, 0.01, 0.1)
_RANGE = 1_000_000


def specs() -> dict[str, object]:
    """Return segments that each hold a slice of the customers by revenue."""
    width = int(_RANGE * SHARE)
    starts = [int(number * (_RANGE - width) / SEGMENTS) for number in range(SEGMENTS)]
    return {
        f"segment_{number}": {"where": {"revenue": {"between": [start, start + width]}}}
        for number, start in enumerate(starts)
    }


def fill(path: Path, customers: int) -> None:
    """Write the customers, with a revenue that a hash of their number gives."""
    with duckdb.connect(str(path)) as connection:
        for name, columns in TABLES.items():
            connection.execute(f"create or replace table given_{name} ({columns})")
        keys = f"select 'shop:C' || lpad(i::varchar, 10, '0') as k, i from range({customers}) r(i)"
        connection.execute(
            f"insert into given_dim_customer_features by name"
            f" select k as customer_id, hash(i) % {_RANGE} as revenue from ({keys})"
        )
        connection.execute(
            f"insert into given_dim_customers select k, true, false, false, false from ({keys})"
        )
        connection.execute(
            f"insert into given_int_customer_row_counts select k, '', 1 from ({keys})"
        )


def change(path: Path, share: float, seed: int) -> None:
    """Give a share of the customers another revenue and one more row."""
    with duckdb.connect(str(path)) as connection:
        chosen = f"hash(customer_id || '{seed}') % 1000000 < {share} * 1000000"
        connection.execute(
            f"update given_dim_customer_features"
            f" set revenue = hash(customer_id || '{seed}r') % {_RANGE} where {chosen}"
        )
        connection.execute(
            f"update given_int_customer_row_counts set count_rows = count_rows + 1 where {chosen}"
        )


def ours(shop: Shop, as_of: str) -> float:
    """Run dbt and return the seconds that the model of stays took, hooks included."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    done = dbtRunner().invoke(shop.arguments(as_of))
    DuckDBConnectionManager.close_all_connections()
    assert done.success, done.exception or [r.message for r in done.result if r.message]
    results = json.loads((shop.folder / "target" / "run_results.json").read_text())["results"]
    return next(
        float(result["execution_time"])
        for result in results
        if result["unique_id"].endswith(".fct_segment_stays")
    )


def rival(path: Path) -> float:
    """Return the seconds of two anti-joins of the long tables, and of rewriting them."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("set threads = 2; set memory_limit = '4GB'")
        connection.execute(
            "create or replace table long_now as"
            " select segment, customer_id from int_segment_members__customer"
        )
        connection.execute("checkpoint")
        started = time.perf_counter()
        connection.execute(
            "create or replace table long_entered as select * from long_now"
            " anti join long_before using (segment, customer_id)"
        )
        connection.execute(
            "create or replace table long_left as select * from long_before"
            " anti join long_now using (segment, customer_id)"
        )
        connection.execute("create or replace table long_before as select * from long_now")
        return time.perf_counter() - started


def main() -> None:
    """Print a line for each share of changes."""
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder)).create()
        os.environ["KOHORTE_WAREHOUSE"] = str(shop.warehouse)
        os.environ["KOHORTE_MEMORY"] = "4GB"
        shop.declare(specs())
        (Path(folder) / "seeds" / "manual_lists.csv").write_text("list,customer\n")
        fill(shop.warehouse, customers)
        first = ours(shop, "2026-01-01")
        with duckdb.connect(str(shop.warehouse)) as connection:
            connection.execute(
                "create table long_before as"
                " select segment, customer_id from int_segment_members__customer"
            )
            (members,) = connection.execute("select count(*) from long_before").fetchone() or (0,)
        print(f"{customers:,} customers, {SEGMENTS} segments, {members:,} memberships")
        print(f"first run, everybody enters: {first:.1f} s")
        print("changed  moves      ours   rival   ratio   file")
        for number, share in enumerate(CHANGED, start=2):
            change(shop.warehouse, share, number)
            taken = ours(shop, f"2026-01-{number:02}")
            other = rival(shop.warehouse)
            with duckdb.connect(str(shop.warehouse), read_only=True) as connection:
                (moves,) = connection.execute(
                    "select count(*) from fct_segment_transitions"
                    f" where happened_at = timestamp '2026-01-{number:02}'"
                ).fetchone() or (0,)
            size = shop.warehouse.stat().st_size / 1e6
            print(
                f"{share:>7.1%} {moves:>10,} {taken:>5.2f} s {other:>5.2f} s"
                f" {taken / other:>6.2f} {size:>7,.0f} MB"
            )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"peak memory of the process: {peak:.2f} GB")


if __name__ == "__main__":
    main()
