"""What dbt's hooks keep of a run, for publishing."""

from __future__ import annotations

from pathlib import Path

from tests.history.shop import Customer, Shop


def statuses(shop: Shop, name: str) -> list[tuple[str, ...]]:
    return shop.query(f"select status from check_results where name = '{name}'")


def test_the_checks_of_a_run_are_kept(tmp_path: Path) -> None:
    shop = Shop(tmp_path).create()
    shop.customers = {"a": Customer(revenue=10)}
    shop.declare({"buyers": {"where": {"revenue": {"gte": 1}}}})

    shop.built("2026-01-01")
    assert statuses(shop, "fct_segment_members") == [("passed",)]
    assert statuses(shop, "segment_sizes_are_members") == [("pending",)]

    failing = shop.folder / "tests" / "data" / "nobody_buys.sql"
    failing.write_text("select * from {{ ref('dim_customer_segments') }}")
    assert not shop.run("2026-01-02", command="build").success
    assert statuses(shop, "nobody_buys") == [("failed",)]
    assert statuses(shop, "segment_sizes_are_members") == [("passed",)]
    query = "select reads, run from check_results where name = 'segment_sizes_are_members'"
    ((reads, run),) = shop.query(query)
    assert "fct_segment_sizes" in reads
    assert shop.query("select run from check_results where name = 'fct_segment_sizes'") == [(run,)]

    failing.unlink()
    shop.built("2026-01-03")
    assert statuses(shop, "nobody_buys") == []
