"""How long after a file with new events has landed readers see its effect.

    python benchmarks/near_real_time.py --customers 20000 --folder /tmp/near_real_time

The shop is made and built once; every further run adds a file. Meanwhile a reader reads
without a pause, and looks for the new events, the transitions and the generation.
"""

from __future__ import annotations

import argparse
import datetime
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
from kohorte.demo import generate, is_current
from kohorte.project import serving_path
from kohorte.publishing.publish import publish
from kohorte.update import Update, watch

ROOT = Path(__file__).resolve().parents[1]
UNTIL, SEED, EVENTS = datetime.date(2026, 6, 30), 7, 5000
_SEEN = """
    select
        (select generation from publication),
        (select max(occurred_at) from fct_events),
        (select count(*) from fct_segment_transitions),
        (select count(*) from fct_events)
"""


class Reader(threading.Thread):
    """Reads what is published, over and over, and notes when it changes."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self.path, self.reads, self.failures = path, 0, 0
        self.changes: list[tuple[float, tuple[object, ...]]] = []
        self.done = threading.Event()

    def run(self) -> None:
        """Read until told to stop."""
        while not self.done.is_set():
            try:
                with duckdb.connect(str(self.path), read_only=True) as connection:
                    row = connection.execute(_SEEN).fetchone() or ()
                self.reads += 1
                if not self.changes or self.changes[-1][1] != row:
                    self.changes.append((time.monotonic(), row))
            except duckdb.Error as error:
                self.failures += 1
                print(f"a read failed: {error}")
            time.sleep(0.2)


def build(warehouse: Path, raw: Path, customers: int) -> None:
    """Make and build the shop, unless that was done; its tests are left out, and passed."""
    if not is_current(raw, customers, SEED, UNTIL) and not (raw / "web_events").exists():
        generate(raw, customers, SEED, UNTIL)
    if not serving_path(ROOT, private=True).exists():
        warehouse.parent.mkdir(parents=True, exist_ok=True)
        if not warehouse.exists():
            subprocess.run(
                [
                    str(Path(sys.executable).with_name("dbt")), "build", "--quiet",
                    "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test",
                    "--target-path", str(warehouse.parent / "target"),
                    "--vars", f'{{"raw": {{"shop": "{raw}"}}}}',
                ],
                cwd=ROOT, check=True,
            )  # fmt: skip
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute("update check_results set status = 'passed', run = 1")
        begun = time.monotonic()
        publish(ROOT)
        print(f"publishing everything took {time.monotonic() - begun:.1f} s")


def land(raw: Path, events: int = EVENTS) -> datetime.datetime:
    """Land a file with steps of customers in the next hour; return its end."""
    with duckdb.connect() as connection:
        (covered,) = connection.execute(
            f"select max(covers_until) from '{raw}/exports/*.parquet'"
        ).fetchone() or (None,)
        assert covered is not None
        number = len([*(raw / "web_events").glob("*.parquet")]) + 1
        until = covered + datetime.timedelta(hours=1)
        rows = f"""
            select * replace (
                'N{number}-' || row_number() over () as event_no,
                'N{number}-' || session_no as session_no,
                timestamp '{covered}' + to_seconds(row_number() over () % 3599) as happened_at,
                timestamp '{until}' as exported_at
            )
            from (
                from '{raw}/web_events/*.parquet'
                where account_no is not null limit {events}
            )
        """
        exports = f"""
            select * replace (timestamp '{until}' as covers_until)
            from '{raw}/exports/part-00001.parquet'
        """
        for table, query in (("exports", exports), ("web_events", rows)):
            path = raw / table / f"part-{number:05d}.parquet"
            connection.execute(f"copy ({query}) to '{path}.new' (format parquet)")
            Path(f"{path}.new").rename(path)
    return until


def main() -> None:
    """Land one file, and print the timeline."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, default=Path("target/near_real_time"))
    parser.add_argument("--every", type=float, default=1.0, help="seconds between two looks")
    options = parser.parse_args()
    folder = options.folder.resolve()
    raw, warehouse = folder / "raw" / "shop", folder / "w" / "kohorte.duckdb"
    os.environ["KOHORTE_WAREHOUSE"] = str(warehouse)
    build(warehouse, raw, options.customers)
    reader = Reader(serving_path(ROOT, private=False))
    reader.start()
    time.sleep(2)
    landed: list[float] = []

    def sleep(seconds: float) -> None:
        if not landed:
            land(raw)
            landed.append(time.monotonic())
        time.sleep(seconds)

    done = next(watch(ROOT, options.every, {"raw": {"shop": str(raw)}}, sleep=sleep))
    time.sleep(2)
    reader.done.set()
    reader.join()
    if not isinstance(done, Update):
        raise SystemExit(str(done))
    before, after = reader.changes[0][1], reader.changes[-1][1]
    seen = reader.changes[-1][0] - landed[0]
    found = seen - done.build_seconds - done.publish_seconds
    print(f"{done.publication.row_counts['fct_events']:,} events, {options.customers:,} customers")
    print(f"  {found:6.1f} s until the file was found, and until the reader looked again")
    print(f"  {done.build_seconds:6.1f} s to take it in, evaluate and check the segments")
    print(f"  {done.publish_seconds:6.1f} s to publish")
    print(f"  {seen:6.1f} s from the file to the reader")
    for name, old, new in zip(
        ("generation", "newest event", "transitions", "events"), before, after, strict=True
    ):
        print(f"  {name}: {old} -> {new}")
    print(f"{reader.reads} reads meanwhile, {reader.failures} failed")


if __name__ == "__main__":
    main()
