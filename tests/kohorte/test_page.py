"""The catalogue page, and what it says of who uses what."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from kohorte.catalog import read_catalog
from kohorte.cli import app
from kohorte.errors import KohorteError
from kohorte.moments import Clock
from kohorte.page import catalogue_page
from kohorte.plan import Evaluation
from kohorte.specs import read_specs
from kohorte.uses import uses_of
from sqlglot import exp
from typer.testing import CliRunner

from tests.conftest import ROOT
from tests.kohorte import harness

FOLDER = harness.HERE / "page"
CASES = sorted(path.parent for path in (harness.HERE / "cases").glob("*/segments.yml"))


def test_page_of_the_test_catalog_is_the_expected_one(update_golden: bool) -> None:
    expected = FOLDER / "expected.md"
    page = catalogue_page(harness.catalog(), harness.read(FOLDER))
    if update_golden:
        expected.write_text(page, encoding="utf-8")
    assert page == expected.read_text(encoding="utf-8")


def test_page_of_the_project_lists_all_there_is() -> None:
    catalog = read_catalog(ROOT)
    specs = read_specs(ROOT / "segments", catalog)
    lines = catalogue_page(catalog, specs).splitlines()
    for segment in specs.segments:
        assert f"### {segment.name}" in lines
    for name in catalog.activities:
        assert f"## Activity {name}" in lines
    rows = {line.split(" | ")[0] for line in lines}
    attributes = [entity.attributes for entity in catalog.entities.values()]
    columns = [activity.columns for activity in catalog.activities.values()]
    for name in {*catalog.lists}.union(*attributes, *columns):
        assert f"| `{name}`" in rows


@pytest.mark.parametrize("command", ["docs", "schema"])
def test_output_is_the_same_in_every_process(command: str) -> None:
    code = "import sys; from kohorte.cli import main; sys.argv[0] = 'kohorte'; main()"
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code, command, "--project-dir", str(ROOT)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert outputs[0]
    assert outputs[0] == outputs[1]


@pytest.mark.parametrize("command", ["docs", "schema"])
def test_output_goes_to_the_file_that_is_named(command: str, tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder" / "out"
    run = CliRunner().invoke(app, [command, "--project-dir", str(ROOT), "--out", str(out)])
    assert (run.exit_code, run.output) == (0, "")
    printed = CliRunner().invoke(app, [command, "--project-dir", str(ROOT)])
    assert out.read_text(encoding="utf-8") == printed.output
    run = CliRunner().invoke(app, [command, "--project-dir", str(ROOT), "--out", str(tmp_path)])
    assert isinstance(run.exception, KohorteError)


def test_help_loads_nothing_heavy() -> None:
    code = "import sys, kohorte.cli; print(*{'sqlglot', 'yaml', 'duckdb'} & sys.modules.keys())"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


@pytest.mark.parametrize("folder", [*CASES, FOLDER], ids=lambda folder: folder.name)
def test_what_a_segment_uses_is_what_its_sql_reads(folder: Path) -> None:
    catalog = harness.catalog()
    entity = catalog.entities["customer"]
    activities = {activity.model: activity for activity in catalog.activities.values()}
    for segment in harness.read(folder).segments:
        evaluation = Evaluation(entity, Clock("UTC", "duckdb"))
        evaluation.levels = dict.fromkeys(segment.uses(), 0)
        evaluation.add(segment)
        read = {("", name) for name in evaluation.attributes}
        for lookup in evaluation.lookups.values():
            for column in lookup.query.find_all(exp.Column):
                activity = activities.get(column.table.removeprefix("every_"))
                if activity and column.name not in (activity.key, activity.time):
                    read.add((activity.name, column.name))
        used = set(uses_of(segment).columns)
        for name, column in entity.attributes.items():
            if column.parts and ("", name) in used:
                used = used - {("", name)} | {("", part) for part in column.parts}
        assert used == read, segment.name
