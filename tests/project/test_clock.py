"""The one clock: what can be given as as_of, and how a mistake is reported."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.conftest import Dbt


@pytest.mark.parametrize("as_of", ["yesterday", "2026-02-30", "2026-07-01 25:00"])
def test_what_is_no_instant_stops_the_build_with_its_remedy(tmp_path: Path, as_of: str) -> None:
    variables = {"systems": [], "raw": {}, "as_of": as_of}
    result = Dbt(tmp_path).again("compile", "--select", "int_clock", variables=variables)
    assert result.returncode != 0
    assert f"'{as_of}' is neither a date nor a timestamp. Write it like 2026-07-01" in result.stdout


def test_without_an_extract_as_of_is_the_moment_the_run_started(tmp_path: Path) -> None:
    dbt = Dbt(tmp_path)
    result = dbt.again("run", "--select", "int_clock", variables={"systems": [], "raw": {}})
    assert result.returncode == 0, result.stdout[-4000:]
    with duckdb.connect(str(dbt.warehouse), read_only=True) as warehouse:
        clock = warehouse.execute(
            """
            select as_of between timezone('UTC', now()) - interval 5 minutes
                    and timezone('UTC', now()),
                local_as_of = as_of, today = as_of::date
            from int_clock
            """
        ).fetchall()
    assert clock == [(True, True, True)]
