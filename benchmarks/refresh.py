"""What a build of everything costs, model by model, and what a refresh and an update cost.

    python -m benchmarks.refresh --customers 1000000 --folder /tmp/refresh

Makes the demo shop and builds it without tests. Then one customer in a hundred visits, orders,
gets points and is written to in the hour that follows: a refresh takes in all of it, an update
in another copy of the warehouse the events alone. Beside them stands the time that DuckDB needs
to do no more than read every column of the same raw files, with the same threads.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from kohorte.demo import generate
from kohorte.refreshing.refresh import build
from kohorte.update import update_command

from benchmarks.near_real_time import ROOT, SEED, UNTIL

_WITHOUT_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")


@dataclass(frozen=True)
class Run:
    """How long a run of dbt took, the memory it held at most, and each model's seconds."""

    seconds: float
    gigabytes: float
    models: Mapping[str, float]

    def told(self, count: int) -> str:
        """Return the dearest models."""
        dearest = sorted(self.models.items(), key=lambda model: -model[1])[:count]
        return "\n".join(f"  {seconds:7.1f} s  {name}" for name, seconds in dearest)


def run(command: list[str], target: Path, warehouse: Path) -> Run:
    """Run dbt, and read what it says of its models."""
    begun = time.monotonic()
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "KOHORTE_WAREHOUSE": str(warehouse)}
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begun
    if status:
        raise SystemExit("dbt failed; the lines above name what and where")
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    models = {
        result["unique_id"].split(".")[-1]: float(result["execution_time"])
        for result in results
        if result["unique_id"].startswith("model.")
    }
    return Run(seconds, usage.ru_maxrss / 1e6, models)


def read_everything(raw: Path) -> float:
    """Return the seconds that DuckDB takes to read every column of the raw files."""
    begun = time.monotonic()
    with duckdb.connect(config={"threads": 2}) as connection:
        for table in sorted(path for path in raw.iterdir() if path.is_dir()):
            connection.execute(
                f"select sum(hash(read)) from read_parquet('{table}/*.parquet') as read"
            ).fetchall()
    return time.monotonic() - begun


#: What somebody does in the hour: their keys, which are new, and when it was.
_DONE = {
    "orders": (("order_no",), "placed_at"),
    "order_items": (("order_no",), "placed_at"),
    "web_events": (("event_no", "session_no"), "happened_at"),
    "loyalty_ledger": (("entry_no", "order_no"), "booked_at"),
    "messages": (("message_no",), "sent_at"),
}


def arrive(raw: Path) -> None:
    """Let what some did last arrive once more, as done in the hour after the last export."""
    with duckdb.connect(config={"threads": 2}) as connection:
        (covered,) = connection.execute(
            f"select max(covers_until) from '{raw}/exports/*.parquet'"
        ).fetchone() or (None,)
        connection.execute(
            f"""
            create table who as
            select account_no from '{raw}/accounts/*.parquet'
            where hash(account_no) % 100 = 0;
            create table their_orders as
            select max(order_no) as order_no from '{raw}/orders/*.parquet'
            where account_no in (from who) and state = 'delivered' group by account_no;
            """
        )
        for table, (keys, time_of) in _DONE.items():
            chosen = (
                "order_no in (from their_orders)"
                if table.startswith("order")
                else f"account_no in (from who) and {time_of} < timestamp '{covered}'"
                f" qualify row_number() over (partition by account_no order by {time_of} desc) <= 5"
            )
            new = ", ".join(f"'N' || {key} as {key}" for key in keys)
            rows = f"""
                select * replace (
                    {new},
                    timestamp '{covered}' + to_seconds(hash({keys[0]}) % 3600) as {time_of}
                )
                from '{raw}/{table}/*.parquet' where {chosen}
            """
            _add(connection, raw / table, rows)
        until = covered + datetime.timedelta(hours=1)
        export = f"from '{raw}/exports/part-00001.parquet'"
        _add(
            connection, raw / "exports",
            f"select * replace (timestamp '{until}' as covers_until) {export}",
        )  # fmt: skip


def _add(connection: duckdb.DuckDBPyConnection, folder: Path, rows: str) -> None:
    """Add a file to a table."""
    path = folder / "part-arrived.parquet"
    connection.execute(f"copy ({rows}) to '{path}.new' (format parquet)")
    Path(f"{path}.new").rename(path)


def main() -> None:
    """Build, refresh, update, and print all three."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, default=Path("target/refresh"))
    parser.add_argument("--models", type=int, default=12, help="how many of the dearest to name")
    options = parser.parse_args()
    folder = options.folder.resolve()
    raw, warehouse = folder / "raw" / "shop", folder / "w" / "kohorte.duckdb"
    if not raw.exists():
        raw.parent.mkdir(parents=True, exist_ok=True)
        generate(raw, options.customers, SEED, UNTIL)
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    warehouse.unlink(missing_ok=True)
    variables: dict[str, Any] = {"raw": {"shop": str(raw)}}
    target = folder / "target"
    dbt = str(Path(sys.executable).with_name("dbt"))
    built = run(
        [
            dbt, "build", "--quiet", *_WITHOUT_TESTS,
            "--target-path", str(target), "--vars", json.dumps(variables),
        ],
        target, warehouse,
    )  # fmt: skip
    read = read_everything(raw)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        customers, events = connection.execute(
            "select (select count(*) from dim_customers), (select count(*) from fct_events)"
        ).fetchone() or (0, 0)
    kept = shutil.copy(warehouse, folder / "built.duckdb")
    arrive(raw)
    os.environ["KOHORTE_WAREHOUSE"] = str(warehouse)
    begun = time.monotonic()
    touched, _ = build(ROOT, variables, tests=False)
    refreshed = time.monotonic() - begun
    shutil.move(kept, warehouse)
    command = update_command(ROOT, {**variables, "near_real_time": True})
    updated = run(
        [*command, *_WITHOUT_TESTS[:2], "--target-path", str(target / "update")],
        target / "update", warehouse,
    )  # fmt: skip
    print(f"{customers:,} customers, {events:,} events; threads: 2; without tests")
    print(f"everything: {built.seconds:.0f} s, at most {built.gigabytes:.1f} GB; the dearest:")
    print(built.told(options.models))
    print(f"only reading every column of the raw files: {read:.1f} s")
    print(f"a refresh after an hour of 1% of the customers: {refreshed:.1f} s,", end=" ")
    print(f"{refreshed / built.seconds:.2f} of everything; {touched:,} customers looked at")
    print(f"an update with their events alone: {updated.seconds:.1f} s,", end=" ")
    print(f"{updated.seconds / built.seconds:.2f} of everything; the dearest:")
    print(updated.told(options.models))


if __name__ == "__main__":
    main()
