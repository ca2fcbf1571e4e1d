from __future__ import annotations

import json
import stat
from pathlib import Path

import duckdb
import pytest

from activation.adapters.base import Fatal, Member, Unreachable
from activation.adapters.file import FileAdapter

ANN = Member("c1", "ann@example.com", {"name": 'Ann, "the" one', "tags": ["a"], "age": 40})
BOB = Member("c2", "bob@example.com", {"name": None, "tags": [], "age": None})


def test_calls_become_files_in_order_and_read_back_to_the_audience(tmp_path: Path) -> None:
    adapter = FileAdapter(tmp_path)
    remote = adapter.bind({"name": "mail"})
    adapter.add(remote, [ANN, BOB])
    adapter.update(remote, [Member("c1", "new@example.com")])
    adapter.remove(remote, [BOB])
    assert sorted(path.name for path in (tmp_path / "mail").iterdir()) == [
        "000001-additions.csv", "000002-updates.csv", "000003-removals.csv", "manifest.json",
    ]  # fmt: skip
    assert list(adapter.read_back(remote)) == ["new@example.com"]
    assert (tmp_path / "mail" / "000001-additions.csv").read_text() == (
        "customer_id,address,name,tags,age\n"
        'c1,ann@example.com,"Ann, ""the"" one","[""a""]",40\n'
        "c2,bob@example.com,,[],\n"
    )


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_every_format_reads_back_to_the_audience(tmp_path: Path, suffix: str) -> None:
    adapter = FileAdapter(tmp_path / "it's")
    remote = adapter.bind({"name": "mail", "format": suffix})
    fields = {"name": "C", "age": 1.5, "customer_id": "c3", "address": "Main Street 1"}
    adapter.add(remote, [ANN, BOB, Member("c3", "c@example.com", fields)])
    adapter.update(remote, [Member("c1", "new@example.com")])
    adapter.remove(remote, [BOB])
    folder = tmp_path / "it's" / "mail"
    suffixes = sorted(path.suffix for path in folder.iterdir())
    assert suffixes == sorted([".json", *[f".{suffix}"] * 3])
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert list(adapter.read_back(remote)) == ["new@example.com", "c@example.com"]


def test_json_lines_keep_what_values_are(tmp_path: Path) -> None:
    adapter = FileAdapter(tmp_path)
    adapter.add(adapter.bind({"name": "mail", "format": "jsonl"}), [ANN, BOB])
    lines = (tmp_path / "mail" / "000001-additions.jsonl").read_text().splitlines()
    assert json.loads(lines[0]) == {
        "customer_id": "c1", "address": "ann@example.com",
        "name": 'Ann, "the" one', "tags": ["a"], "age": 40,
    }  # fmt: skip
    assert json.loads(lines[1])["age"] is None


def test_parquet_has_columns_with_types(tmp_path: Path) -> None:
    adapter = FileAdapter(tmp_path)
    mixed = {'"; drop': [True, "x"]}
    cyd = Member("c3", "c@example.com", {"name": "0012", "age": 1.5, "tags": None, **mixed})
    adapter.add(adapter.bind({"name": "mail", "format": "parquet"}), [ANN, BOB, cyd])
    table = duckdb.read_parquet(str(tmp_path / "mail" / "000001-additions.parquet"))
    assert dict(zip(table.columns, map(str, table.types), strict=True)) == {
        "customer_id": "VARCHAR", "address": "VARCHAR", "name": "VARCHAR", "tags": "VARCHAR[]",
        "age": "DOUBLE", '"; drop': "VARCHAR",
    }  # fmt: skip
    assert table.fetchall() == [
        ("c1", "ann@example.com", 'Ann, "the" one', ["a"], 40.0, None),
        ("c2", "bob@example.com", None, [], None, None),
        ("c3", "c@example.com", "0012", None, 1.5, '[true, "x"]'),
    ]


def test_only_the_owner_may_read_them(tmp_path: Path) -> None:
    adapter = FileAdapter(tmp_path)
    adapter.add(adapter.bind({"name": "mail"}), [ANN])
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "mail").iterdir()}
    assert modes == {0o600}


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "", "a\x00b", "x" * 101])
def test_a_name_cannot_lead_elsewhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(Fatal, match="letters, digits"):
        FileAdapter(tmp_path / "out").bind({"name": name})
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("phone", ["+43664123456", "+43 (664) 12/34-56", "-1.5"])
def test_a_telephone_number_stays_as_it_is(tmp_path: Path, phone: str) -> None:
    adapter = FileAdapter(tmp_path)
    adapter.add(adapter.bind({"name": "sms"}), [Member("c1", phone)])
    assert list(adapter.read_back("sms")) == [phone]


@pytest.mark.parametrize("text", ["=1+1", "@sum", "-cmd|x", "+cmd"])
def test_a_spreadsheet_takes_no_text_for_a_formula(tmp_path: Path, text: str) -> None:
    adapter = FileAdapter(tmp_path)
    adapter.add(adapter.bind({"name": "mail"}), [Member("c1", "+43664123456", {"name": text})])
    row = (tmp_path / "mail" / "000001-additions.csv").read_text().splitlines()[1]
    assert row == f"c1,+43664123456,'{text}"


def test_a_file_that_cannot_be_written_is_a_call_without_an_answer(tmp_path: Path) -> None:
    adapter = FileAdapter(tmp_path)
    remote = adapter.bind({"name": "mail"})
    (tmp_path / "mail" / "manifest.json").mkdir()
    with pytest.raises(Unreachable, match="cannot be written"):
        adapter.add(remote, [ANN])


def test_a_spoiled_manifest_stops_the_run(tmp_path: Path) -> None:
    adapter = FileAdapter(tmp_path)
    remote = adapter.bind({"name": "mail"})
    (tmp_path / "mail" / "manifest.json").write_text("[")
    with pytest.raises(Fatal, match="no manifest"):
        adapter.add(remote, [ANN])


def test_a_file_that_is_not_listed_does_not_count(tmp_path: Path) -> None:
    adapter = FileAdapter(tmp_path)
    remote = adapter.bind({"name": "mail"})
    adapter.add(remote, [ANN])
    (tmp_path / "mail" / "000002-additions.csv").write_text("half a fi")
    adapter.add(remote, [BOB])
    assert sorted(adapter.read_back(remote)) == ["ann@example.com", "bob@example.com"]
    manifest = json.loads((tmp_path / "mail" / "manifest.json").read_text())
    assert [entry["rows"] for entry in manifest["files"]] == [1, 1]
