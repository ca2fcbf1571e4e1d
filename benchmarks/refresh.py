"""What a build of everything costs, model by model, and what an update costs beside it.

    python -m benchmarks.refresh --customers 1000000 --folder /tmp/refresh

Makes the demo shop, builds it without tests, lets new events of one customer in a hundred
arrive, and takes them in. Beside it stands the time that DuckDB needs to do no more than read
every column of the same raw files, with the same threads.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from kohorte.demo import generate
from kohorte.update import update_command

from benchmarks.near_real_time import ROOT, SEED, UNTIL, land

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


def main() -> None:
    """Build, update, and print both."""
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
    land(raw, events=options.customers // 100, each_once=True)
    command = update_command(ROOT, {**variables, "near_real_time": True})
    updated = run(
        [*command, *_WITHOUT_TESTS[:2], "--target-path", str(target / "update")],
        target / "update", warehouse,
    )  # fmt: skip
    print(f"{customers:,} customers, {events:,} events; threads: 2; without tests")
    print(f"everything: {built.seconds:.0f} s, at most {built.gigabytes:.1f} GB; the dearest:")
    print(built.told(options.models))
    print(f"only reading every column of the raw files: {read:.1f} s")
    share = updated.seconds / built.seconds
    print(f"an update with events of 1% of the customers: {updated.seconds:.1f} s,", end=" ")
    print(f"{share:.2f} of everything; the dearest:")
    print(updated.told(options.models))


if __name__ == "__main__":
    main()
