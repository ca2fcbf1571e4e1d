"""How long the analyst's commands take, as processes, beside DuckDB's bare query.

1,000,000 customers, 20,000,000 events and 200 built segments in one DuckDB file on disk.

Run from the project's root: .venv/bin/python -m benchmarks.analyst_tools [SHARE_OF_SIZE]
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import yaml
from kohorte.analyst.draft import read_asked
from kohorte.analyst.evaluation import answers
from kohorte.analyst.warehouse import Warehouse
from kohorte.catalog import read_catalog
from kohorte.compiler import compile_specs
from kohorte.specs import read_specs

from benchmarks.evaluate_segments import CUSTOMERS, EVENTS, attribute_segments, create
from tests.kohorte import harness

ROOT = Path(__file__).parent.parent
KOHORTE = Path(sys.executable).with_name("kohorte")
ROUNDS = 3
TWO_ATTRIBUTES = "count, two attributes"
THREE_ACTIVITIES = "count, three activity conditions"
ONE = "[{country: AT}, {age: {gte: 40}}]"
THREE = (
    "[{did: events.searched, within: 30 days}, {did: events.cart_added, within: 90 days},"
    " {did: events.page_viewed, count: {gte: 5}}]"
)
BARE = """
    select count(*) from dim_customer_features where country = 'AT' and age >= 40
"""
BARE_THREE = """
    select count(*) from dim_customer_features
    where customer_id in (
        select customer_id from fct_events
        where event_name = 'searched' and occurred_at >= timestamp '2026-07-01' - interval 30 day
    ) and customer_id in (
        select customer_id from fct_events
        where event_name = 'cart_added' and occurred_at >= timestamp '2026-07-01' - interval 90 day
    ) and customer_id in (
        select customer_id from fct_events where event_name = 'page_viewed'
        group by customer_id having count(*) >= 5
    )
"""


def declare(root: Path) -> None:
    """Copy the project, with 200 segments instead of its own, into a git repository."""
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(ROOT / name, root / name)
    for name in ("models", "seeds"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("generated"))
    segments = {
        f"segment_{number}": {"where": [{key: value} for key, value in spec.items()]}
        for number, (spec, _) in enumerate(attribute_segments())
    }
    (root / "segments").mkdir()
    text = yaml.safe_dump({"version": 1, "segments": segments})
    (root / "segments" / "all.yml").write_text(text, encoding="utf-8")
    identity = ("-c", "user.name=bench", "-c", "user.email=bench@example.com")
    for arguments in (("init", "-q"), ("add", "-A"), (*identity, "commit", "-qm", "all")):
        subprocess.run(["git", *arguments], cwd=root, check=True)


def build(root: Path, path: Path, share: float) -> None:
    """Make the tables that the commands read, with all segments evaluated."""
    catalog = read_catalog(root)
    specs = read_specs(root / "segments", catalog)
    files = compile_specs(specs, catalog, "duckdb", "UTC")
    with duckdb.connect(str(path)) as connection:
        connection.execute("set threads = 2; set memory_limit = '6GB'")
        create(connection, int(CUSTOMERS * share), int(EVENTS * share))
        for name, text in harness.in_order(files):
            connection.execute(f"create or replace table {name} as {harness.render(text)}")
        connection.execute(
            """
            create table fct_segment_stays as
            select
                segment, customer_id, through, timestamp '2026-06-01' as entered_at,
                'time' as entered_because, cast(null as timestamp) as left_at
            from int_segment_members__customer
            order by customer_id;
            create table dim_segments as
            select
                *, (
                    select count(*) from fct_segment_stays as s where s.segment = d.segment
                ) as members, 0.1 as share_of_customers
            from int_segment_definitions as d;
            create table fct_segment_sizes as
            select segment, members, timestamp '2026-07-01' - to_days(i::int) as as_of
            from dim_segments, range(365) as r(i);
            create table dim_customer_segments as
            select customer_id, list(segment) as segments
            from fct_segment_stays group by customer_id;
            create table dim_customers as
            select
                customer_id, 'A' as first_name, 'B' as last_name, 'a@example.com' as email
            from dim_customer_features;
            alter table dim_customer_features add column is_sms_reachable boolean default true;
            alter table dim_customer_features add column is_push_reachable boolean default false;
            alter table dim_customer_features add column is_post_reachable boolean default true;
            create table int_list_members (list_name varchar, customer_id varchar);
            drop table int_segment_members__customer;
            """
        )


def process(root: Path, path: Path, *arguments: str, says: str = "") -> float:
    """Return the seconds that a command took from start to end, the median of all rounds.

    What it prints must contain `says`.
    """
    environment = {**os.environ, "KOHORTE_WAREHOUSE": str(path)}
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        done = subprocess.run(
            [str(KOHORTE), *arguments, "--project-dir", str(root)],
            env=environment, check=False, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert says in done.stdout, done.stdout
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def bare(path: Path, query: str) -> float:
    """Return the seconds that DuckDB takes to open the file and answer, the median."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        with duckdb.connect(str(path), read_only=True) as connection:
            connection.execute("set threads = 2")
            connection.execute(query).fetchall()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def counting(root: Path, path: Path) -> tuple[float, float]:
    """Return the seconds of counting a segment of attributes, and of the bare query.

    Both over one open connection, the median of all rounds.
    """
    definitions, (draft,) = read_asked(root, None, ONE)
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("set threads = 2")
        warehouse = Warehouse(path, connection)
        found = answers(warehouse, definitions, [draft])
        own: list[float] = []
        other: list[float] = []
        for _ in range(5 * ROUNDS):
            for times, ask in ((own, found.sizes), (other, lambda: warehouse.rows(BARE))):
                started = time.perf_counter()
                ask()
                times.append(time.perf_counter() - started)
    return statistics.median(own), statistics.median(other)


def main() -> None:
    """Print a table of commands."""
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    with tempfile.TemporaryDirectory() as folder:
        root, path = Path(folder) / "project", Path(folder) / "kohorte.duckdb"
        root.mkdir()
        declare(root)
        build(root, path, share)
        sizes = f"{int(CUSTOMERS * share):,} customers, {int(EVENTS * share):,} events"
        print(f"{sizes}, {path.stat().st_size / 1e9:.1f} GB")
        customer = "shop:12345"
        print(f"{'command':<44} {'seconds':>8} {'wanted':>7}   times the bare query")
        bare_of = {TWO_ATTRIBUTES: bare(path, BARE), THREE_ACTIVITIES: bare(path, BARE_THREE)}
        for title, wanted, arguments in (
            ("--help (start alone)", 0.4, ("--help",)),
            ("list", 0.5, ("list",)),
            (TWO_ATTRIBUTES, 1.0, ("count", "--where", ONE)),
            (THREE_ACTIVITIES, 3.0, ("count", "--where", THREE)),
            ("explain one customer, 200 segments", 1.0, ("explain", customer)),
        ):
            seconds = _help() if "--help" in arguments else process(root, path, *arguments)
            beside = f"{seconds / bare_of[title]:>7.1f}" if title in bare_of else ""
            print(f"{title:<44} {seconds:>8.2f} {wanted:>7.1f} {beside}")
        own, other = counting(root, path)
        title = f"{TWO_ATTRIBUTES}, the query alone"
        print(f"{title:<44} {own:>8.4f} {2 * other:>7.4f} {own / other:>7.1f}")
        spec = root / "segments" / "all.yml"
        spec.write_text(spec.read_text().replace("gte: 18\n", "gte: 19\n", 1))
        seconds = process(root, path, "diff", says="1 segment changes against HEAD")
        print(f"{'diff, one of 200 segments changed':<44} {seconds:>8.2f} {5.0:>7.1f}")


def _help() -> float:
    started = time.perf_counter()
    subprocess.run([str(KOHORTE), "--help"], check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
