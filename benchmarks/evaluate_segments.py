"""What it costs to evaluate all segments, side by side with the SQL that one writes by hand.

The rival is a `union all` of one filtered select a segment, each with its own scan. Both
write tables into one DuckDB file, in turns, with two threads and at most 4 GB.

Run from the project's root: .venv/bin/python -m benchmarks.evaluate_segments [SHARE_OF_SIZE]
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb
import yaml
from kohorte.catalog import read_catalog
from kohorte.compiler import compile_specs
from kohorte.specs import read_specs

from tests.kohorte import harness

CUSTOMERS, EVENTS = 1_000_000, 20_000_000
ATTRIBUTE_SEGMENTS, ACTIVITY_CONDITIONS = 200, 300
ROUNDS = 3
COUNTRIES, CATEGORIES = ("AT", "CH", "DE", "FR", "IT"), ("shoes", "books", "toys", "food")
#: How many of 20 events are of each type: most are pages and views, as in any shop.
EVENT_SHARES = {
    "page_viewed": 5, "product_viewed": 4, "category_viewed": 3, "searched": 2, "cart_added": 1,
    "cart_viewed": 1, "wishlist_added": 1, "promotion_viewed": 1, "reviews_viewed": 1,
    "results_filtered": 1,
}  # fmt: skip
EVENT_NAMES = tuple(EVENT_SHARES)
DAYS = (1, 7, 14, 30, 60, 90, 180, 365)

Spec = dict[str, object]


def attribute_segments() -> list[tuple[Spec, str]]:
    """Return conditions on attributes, each with the `where` that one writes by hand."""
    segments: list[tuple[Spec, str]] = []
    for number in range(ATTRIBUTE_SEGMENTS):
        country, other = COUNTRIES[number // 5 % 5], COUNTRIES[number // 25 % 5]
        age, money, days = 18 + number % 60, number * 5, DAYS[number % 8]
        ago = f"timestamp '2026-07-01' - interval {days} day"
        segments.append(
            [
                (
                    {"country": country, "age": {"gte": age}},
                    f"country = '{country}' and age >= {age}",
                ),
                (
                    {"net_revenue_365d": {"between": [money, money + 200]}},
                    f"net_revenue_365d between {money} and {money + 200}",
                ),
                (
                    {"interests": {"has_any": ["shoes", "toys"]}, "age": {"lt": age}},
                    f"list_has_any(interests, ['shoes', 'toys']) and age < {age}",
                ),
                (
                    {"last_order_at": {"within": f"{days} days"}, "is_email_reachable": True},
                    f"last_order_at >= {ago} and is_email_reachable",
                ),
                (
                    {"country": {"not_in": [country, other]}, "net_revenue_365d": {"gt": money}},
                    f"country not in ('{country}', '{other}') and net_revenue_365d > {money}",
                ),
            ][number % 5]
        )
    return segments


def activity_conditions() -> list[tuple[Spec, str]]:
    """Return conditions on events, each with the query that one writes by hand."""
    conditions: list[tuple[Spec, str]] = []
    for number in range(ACTIVITY_CONDITIONS):
        name, days = EVENT_NAMES[number % 10], DAYS[number // 10 % 8]
        times, category = max(1, number // 80), CATEGORIES[number % 4]
        spec: Spec = {"did": f"events.{name}", "within": f"{days} days"}
        query = (
            f"select customer_id from fct_events where event_name = '{name}'"
            f" and occurred_at >= timestamp '2026-07-01' - interval {days} day"
        )
        if number % 3 == 1:
            spec["where"] = {"category": category}
            query += f" and category = '{category}'"
        query += " group by customer_id"
        if times > 1:
            spec["count"] = {"gte": times}
            query += f" having count(*) >= {times}"
        conditions.append((spec, query))
    return conditions


def create(connection: duckdb.DuckDBPyConnection, customers: int, events: int) -> None:
    """Write customers and events whose values hashes of their numbers give."""

    def pick(values: Sequence[str], salt: int) -> str:
        return f"list_extract({list(values)}, 1 + (hash(i, {salt}) % {len(values)})::int)"

    names = [name for name, share in EVENT_SHARES.items() for _ in range(share)]
    connection.execute(
        "create table int_clock as select timestamp '2026-07-01' as as_of,"
        " timestamp '2026-07-01' as local_as_of"
    )
    connection.execute(
        f"""
        create table dim_customer_features as
        select
            'shop:' || i as customer_id, {pick(COUNTRIES, 1)} as country,
            nullif(18 + hash(i, 2) % 70, 30)::int as age,
            (hash(i, 3) % 1000)::decimal(18, 4) as net_revenue_365d,
            hash(i, 4) % 3 > 0 as is_email_reachable,
            [{pick(CATEGORIES, 5)}, 'music'] as interests,
            timestamp '2026-07-01' - to_seconds((hash(i, 6) % 63072000)::bigint) as last_order_at
        from range({customers}) as r(i)
        """
    )
    connection.execute(
        f"""
        create table fct_events as
        select
            'shop:' || (hash(i, 7) % {customers}) as customer_id,
            {pick(names, 8)} as event_name, {pick(CATEGORIES, 9)} as category,
            timestamp '2025-07-01' + to_seconds(i * 31536000 // {events}) as occurred_at
        from range({events}) as r(i)
        """
    )


def compiled(specs: Sequence[Spec], folder: Path) -> dict[str, str]:
    """Return the query of each compiled model of the customers, in the order to run them."""
    segments = {
        f"segment_{number}": {
            "where": [spec] if "did" in spec else [{k: v} for k, v in spec.items()]
        }
        for number, spec in enumerate(specs)
    }
    path = harness.write_spec(folder, yaml.safe_dump({"version": 1, "segments": segments}))
    catalog = read_catalog(Path(__file__).parent.parent)
    files = compile_specs(read_specs(path, catalog), catalog, "duckdb", "UTC")
    models = harness.in_order(files)
    return {name: harness.render(text) for name, text in models if name.endswith("__customer")}


def rows_of(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, int, int]]:
    """Return each segment with the number of its members, and a sum over who they are."""
    return connection.execute(
        f"select segment, count(*), sum(hash(customer_id)) from {table} group by all order by all"
    ).fetchall()


def rival(connection: duckdb.DuckDBPyConnection, queries: Sequence[str]) -> float:
    """Return the seconds that the union of all queries takes."""
    selects = [
        f"select 'segment_{number}' as segment, customer_id from ({query})"
        for number, query in enumerate(queries)
    ]
    return timed(connection, "by_hand", " union all ".join(selects))


def timed(connection: duckdb.DuckDBPyConnection, name: str, query: str) -> float:
    """Return the seconds that it takes to write a query's result into a table."""
    started = time.perf_counter()
    connection.execute(f"create or replace table {name} as {query}")
    return time.perf_counter() - started


def compare(
    connection: duckdb.DuckDBPyConnection,
    title: str,
    limit: float,
    specs: Sequence[Spec],
    queries: Sequence[str],
) -> None:
    """Print what ours and the rival took, median of all rounds, and check the rows."""
    members = "int_segment_members__customer"
    mine, by_hand = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(ROUNDS):
            models = compiled(specs, Path(folder))
            unpack = models.pop(members)
            mine.append(sum(timed(connection, *model) for model in models.items()))
            if number == 0:
                unpacking = timed(connection, members, unpack)
                unpacked = rows_of(connection, members)
                connection.execute(f"drop table {members}")
            by_hand.append(rival(connection, queries))
    assert unpacked == rows_of(connection, "by_hand"), "the rival finds other members"
    ratios = [ours / other for ours, other in zip(mine, by_hand, strict=True)]
    print(f"{title}: {sum(count for _, count, _ in unpacked):,} memberships")
    print(
        f"  ours {statistics.median(mine):.2f} s, by hand {statistics.median(by_hand):.2f} s,"
        f" ratio {statistics.median(ratios):.2f} (wanted: {limit});"
        f" to write the members as rows, which no run does: {unpacking:.2f} s more"
    )


def main() -> None:
    """Print a table of both comparisons."""
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    with (
        tempfile.TemporaryDirectory() as folder,
        duckdb.connect(f"{folder}/b.duckdb") as connection,
    ):
        connection.execute(
            "set threads = 2; set memory_limit = '4GB'; set preserve_insertion_order = false"
        )
        customers, events = int(CUSTOMERS * share), int(EVENTS * share)
        create(connection, customers, events)
        attributes, activities = attribute_segments(), activity_conditions()
        compare(
            connection, f"{ATTRIBUTE_SEGMENTS} attribute segments, {customers:,} customers", 1.0,
            [spec for spec, _ in attributes],
            [f"select customer_id from dim_customer_features where {sql}" for _, sql in attributes],
        )  # fmt: skip
        compare(
            connection, f"{ACTIVITY_CONDITIONS} activity conditions, {events:,} events", 0.5,
            [spec for spec, _ in activities], [query for _, query in activities],
        )  # fmt: skip
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"peak memory of the process: {peak:.1f} GB")


if __name__ == "__main__":
    main()
