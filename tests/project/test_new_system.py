"""A new source system begins with models that build, whatever its raw files are called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from kohorte.errors import KohorteError
from kohorte.new_system import canonical_shapes, new_system

from tests.conftest import ROOT, Dbt
from tests.project.test_segments import copy_of_project

CUSTOMERS = "id,email,first_name,Joined At\n1, Ada@example.com ,Ada,2024-03-02\n2,,Ben,\n"
ORDERS = (
    "Order Id,account_id,status,channel,currency,gross_amount,ordered_at,order,2nd,a-b,a b\n"
    "B1,1,completed,web,EUR,40.00,2026-03-01 08:30:00,x,y,z,z\n"
    "B2,,completed,web,EUR,12.50,2026-03-02 08:30:00,x,y,z,z\n"
)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    (folder / "accounts.csv").write_text(CUSTOMERS, encoding="utf-8")
    (folder / "Orders.csv").write_text(ORDERS, encoding="utf-8")
    (folder / "till slips 2026.csv").write_text("a\n1\n", encoding="utf-8")
    (folder / "notes.txt").write_text("no table", encoding="utf-8")
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select 'p1' as product_id, 4.5 as price, ['x'] as tags)"
            f" to '{folder}/products.parquet'"
        )
    return folder


def test_what_is_written_builds(tmp_path: Path, raw: Path) -> None:
    root = copy_of_project(tmp_path / "project")
    done = subprocess.run(
        [str(Path(sys.executable).with_name("kohorte")), "new-system", "bakery", "--raw",
         str(raw), "--project-dir", str(root)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "staged, and in no canonical table yet: till_slips_2026" in done.stdout
    assert "bakery: [customers, orders, products]" in done.stdout
    dbt = Dbt(tmp_path, root)
    variables: dict[str, Any] = {
        "systems": ["bakery"], "raw": {"bakery": str(raw)}, "as_of": "2026-07-01",
        "tables": {"bakery": ["customers", "orders", "products"]},
    }  # fmt: skip
    built = dbt(
        "build", "--select", "+int_row_counts", "+stg_bakery__till_slips_2026",
        "--exclude-resource-type", "unit_test", "--indirect-selection", "cautious",
        variables=variables,
    )  # fmt: skip
    assert built.returncode == 0, built.stdout[-4000:]
    with duckdb.connect(str(dbt.warehouse), read_only=True) as connection:
        accepted = connection.execute(
            "select table_name, count_raw, count_accepted from int_row_counts order by all"
        ).fetchall()
        staged = connection.execute(
            "select column_name from information_schema.columns"
            " where table_name = 'stg_bakery__orders' order by ordinal_position"
        ).fetchall()
    assert accepted == [("customers", 2, 2), ("orders", 2, 2), ("products", 1, 1)]
    assert [name for (name,) in staged][-4:] == ["order", "c_2nd", "a_b", "a_b_again"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("shop", "already"),
        ("My Shop", "lower-case"),
        ("a__b", "lower-case"),
        ("../x", "lower-case"),
    ],
)
def test_a_name_that_cannot_be_is_an_error(raw: Path, name: str, says: str) -> None:
    with pytest.raises(KohorteError, match=says):
        new_system(ROOT, name, raw)


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("a'b.csv", "x\n1\n", "file name"),
        ("a{{ b }}.csv", "x\n1\n", "file name"),
        ("a.csv", 'x""; drop,{{ y }}\n1,2\n', "column name"),
        ("a.csv", "it's\n1\n", "column name"),
        ("a.parquet", "no parquet", "cannot be read as parquet"),
        ("a.txt", "x", "no .csv or .parquet"),
    ],
)
def test_names_that_could_be_code_are_refused_and_nothing_is_written(
    tmp_path: Path, file: str, text: str, says: str
) -> None:
    root = tmp_path / "project"
    (root / "models").mkdir(parents=True)
    for name in ("dbt_project.yml", "profiles.yml"):
        (root / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / file).write_text(text, encoding="utf-8")
    with pytest.raises(KohorteError, match=says):
        new_system(root, "bakery", raw)
    assert list((root / "models").iterdir()) == []


def test_two_files_of_one_name_are_an_error(tmp_path: Path) -> None:
    for name in ("Orders.csv", "orders.parquet"):
        (tmp_path / name).write_text("x\n1\n", encoding="utf-8")
    with duckdb.connect() as connection:
        connection.execute(f"copy (select 1 as x) to '{tmp_path}/orders.parquet'")
    with pytest.raises(KohorteError, match="both be `orders`"):
        new_system(ROOT, "bakery", tmp_path)


def test_the_canonical_shapes_are_those_of_the_macro(demo_dbt: Dbt) -> None:
    shapes = canonical_shapes(ROOT)
    assert set(shapes) == {
        "customers", "orders", "order_lines", "products", "events", "points", "messages",
        "consents", "answers", "referrals", "extracts",
    }  # fmt: skip
    with duckdb.connect(str(demo_dbt.warehouse), read_only=True) as connection:
        for table in ("customers", "orders", "events"):
            found = connection.execute(f"describe int_{table}_checked").fetchall()
            assert [name for name, *_ in found][: len(shapes[table])] == list(shapes[table])
