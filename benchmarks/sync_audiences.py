"""The sync at a million members: the plan's time and memory, and the calls of a small change.

    python -m benchmarks.sync_audiences

The rival sends everybody again, as tools do that keep no state: one call for so many members
as the adapter takes.
"""

from __future__ import annotations

import resource
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import duckdb

from activation.adapters.base import Limits
from activation.run import Sync, destination_of
from tests.activation.fake import FakeTool
from tests.activation.shop import AS_OF, TABLES, Shop

MEMBERS = 1_000_000
SHARES = (0.0, 0.001, 0.01, 0.1)
BATCH = 500


def fill(shop: Shop) -> None:
    """Write a warehouse with all members."""
    with duckdb.connect(str(shop.warehouse)) as connection:
        connection.execute(TABLES)
        connection.execute(
            f"""
            insert into dim_audiences values
                ('mail', 'email', 'file', '{shop.target}', 'fresh', null, 1, 1,
                 timestamp '{AS_OF}');
            insert into fct_audience_members
            select
                'mail', 'shop:C' || i, 'c' || i || '@example.com',
                '{{"first_name":"Anna","status_tier":"gold","n":' || i % 7 || '}}'
            from range({MEMBERS}) as people (i);
            insert into dim_customer_channels
            select 'shop:C' || i, 'email', true, false from range({MEMBERS} * 2) as people (i)
            """
        )


def know(sync: Sync, destination: str) -> None:
    """Have all of them in the tool already, as the state says."""
    with sync.state.transaction(sync.warehouse) as connection:
        connection.execute("delete from activation.members")
        connection.execute(
            """
            insert into activation.members
            select
                'mail', $destination, customer_id, null,
                sha256((select any_value(salt) from activation.settings) || address), null,
                md5(address || chr(10) || fields), null, 'present', false, 0, null, null, $now, null
            from kohorte.fct_audience_members
            """,
            {"destination": destination, "now": AS_OF},
        )


def change(shop: Shop, share: float) -> None:
    """Replace a share of the members by others."""
    fill(shop)
    with duckdb.connect(str(shop.warehouse)) as connection:
        connection.execute(
            f"""
            update fct_audience_members
            set customer_id = 'shop:C' || ({MEMBERS} + substr(customer_id, 7)::int),
                address = 'new' || address
            where substr(customer_id, 7)::int < {share / 2 * MEMBERS}
            """
        )


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder))
        shop.tool = FakeTool(limits=Limits(BATCH, removes_by="member_id"))
        shop.tool.audiences["mail"] = {}
        shop.clock.now = AS_OF + timedelta(hours=5)
        sync, full = shop.sync, MEMBERS // BATCH
        fill(shop)
        print(f"{MEMBERS:,} members; everybody again is {full:,} calls of {BATCH}")
        print(f"{'changed':>8} {'plan':>8} {'run':>8} {'calls':>6} {'of a full send':>15}")
        for share in SHARES:
            fill(shop)
            know(sync, destination_of(shop.tool))
            change(shop, share)
            started = time.perf_counter()
            sync.planned(shop.audience())
            planned = time.perf_counter() - started
            shop.tool.calls.clear()
            started = time.perf_counter()
            report = sync.run(shop.audience())
            ran = time.perf_counter() - started
            assert report.state == "succeeded", report
            calls = len([kind for kind, _ in shop.tool.calls if kind != "bind"])
            print(f"{share:>8.1%} {planned:>6.2f} s {ran:>6.1f} s {calls:>6} {calls / full:>14.1%}")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"peak memory of all of it, warehouse made included: {peak:.1f} GB")


if __name__ == "__main__":
    main()
