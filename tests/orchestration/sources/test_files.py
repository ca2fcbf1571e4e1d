from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestration.sources.files import files_of, files_pattern, version_of


@pytest.mark.parametrize(
    ("location", "pattern"),
    [
        ("raw/shop/{name}/*.parquet", "raw/shop/orders/*.parquet"),
        ("read_csv('raw/clicks.csv.gz', header = true)", "raw/clicks.csv.gz"),
    ],
)
def test_a_location_tells_which_files_a_table_is_in(location: str, pattern: str) -> None:
    assert files_pattern(location, "orders") == pattern


def test_files_are_found_below_the_project_and_anywhere_else(tmp_path: Path) -> None:
    file = tmp_path / "raw" / "orders.parquet"
    file.parent.mkdir()
    file.touch()
    assert files_of(tmp_path, "raw/*.parquet") == [file]
    assert files_of(Path("/nowhere"), f"{tmp_path}/raw/*.parquet") == [file]


def test_a_version_changes_with_a_file_and_only_then(tmp_path: Path) -> None:
    file = tmp_path / "orders.parquet"
    file.write_text("one")
    before = version_of([file])
    assert version_of([file]) == before
    os.utime(file, (1, 1))
    assert version_of([file]) != before
    assert version_of([]) != before
