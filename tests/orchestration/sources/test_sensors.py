"""A build is asked for once for each state of the files, also after a restart."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration.sources.sensors import raw_files_sensor, specs_sensor

JOB = dg.define_asset_job("build", selection="*")
LOCATION = "raw/shop/{name}/*.parquet"
MANIFEST: dict[str, Any] = {
    "sources": {
        "orders": {"name": "orders", "config": {"meta": {"external_location": LOCATION}}},
        "table": {"name": "table", "config": {}},
    }
}


class Ticks:
    """Looks again and again, with what the last look left."""

    def __init__(self, sensor: dg.SensorDefinition) -> None:
        self.sensor = sensor
        self.cursor: str | None = None

    def __call__(self) -> list[str]:
        """Look once; return the keys of the runs asked for."""
        context = dg.build_sensor_context(cursor=self.cursor)
        data = self.sensor.evaluate_tick(context)
        self.cursor = data.cursor
        return [request.run_key or "" for request in data.run_requests or []]


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """A file of orders."""
    file = tmp_path / "raw" / "shop" / "orders" / "1.parquet"
    file.parent.mkdir(parents=True)
    file.write_text("one")
    return file


def touched(file: Path, text: str, second: int) -> None:
    """Write a file at a second of its own."""
    file.write_text(text)
    os.utime(file, (second, second))


def test_files_at_rest_are_built_once(tmp_path: Path, orders: Path) -> None:
    look = Ticks(raw_files_sensor(tmp_path, MANIFEST, JOB))
    assert look() == []
    first = look()
    assert len(first) == 1
    assert look() == look() == []
    touched(orders, "two", 5)
    assert look() == []
    second = look()
    assert len(second) == 1
    assert second != first


def test_a_file_that_is_being_written_is_waited_for(tmp_path: Path, orders: Path) -> None:
    look = Ticks(raw_files_sensor(tmp_path, MANIFEST, JOB))
    for second in range(1, 5):
        touched(orders, "x" * second, second)
        assert look() == []
    assert len(look()) == 1


def test_a_lost_cursor_asks_with_the_same_key(tmp_path: Path, orders: Path) -> None:
    look, again = (Ticks(raw_files_sensor(tmp_path, MANIFEST, JOB)) for _ in range(2))
    again.cursor = "no cursor of ours"
    assert [look(), look()] == [again(), again()]


def test_changed_specs_are_built(tmp_path: Path) -> None:
    look = Ticks(specs_sensor(tmp_path, JOB))
    assert look() == []
    spec = tmp_path / "segments" / "marketing" / "vips.yml"
    spec.parent.mkdir(parents=True)
    spec.write_text("version: 1")
    assert [len(look()), len(look())] == [0, 1]
    spec.unlink()
    assert look() == []
