from __future__ import annotations

import json
from pathlib import Path

import pytest
from kohorte.errors import KohorteError

from orchestration.transform import manifest as module
from orchestration.transform.manifest import TARGET, fingerprint, prepared_manifest


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder that looks like a project."""
    for name in ("models/a.sql", "segments/a.yml", "models/marts/segments/generated/b.sql"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("select 1")
    (tmp_path / "dbt_project.yml").write_text("name: tiny\n")
    return tmp_path


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The parses that were made, each leaving a manifest that says its number."""
    made: list[Path] = []

    def parse(root: Path, target: Path) -> None:
        made.append(root)
        (target / "manifest.json").write_text(json.dumps({"parse": len(made)}))

    monkeypatch.setattr(module, "_parse", parse)
    return made


def test_a_project_is_parsed_once_while_nothing_changes(project: Path, parses: list[Path]) -> None:
    assert prepared_manifest(project) == prepared_manifest(project) == {"parse": 1}


@pytest.mark.parametrize("name", ["models/a.sql", "segments/a.yml", "dbt_project.yml"])
def test_a_changed_file_is_noticed(project: Path, parses: list[Path], name: str) -> None:
    prepared_manifest(project)
    (project / name).write_text("select 12")
    assert prepared_manifest(project) == {"parse": 2}


def test_a_new_and_a_removed_file_are_noticed(project: Path, parses: list[Path]) -> None:
    prepared_manifest(project)
    (project / "models/c.sql").write_text("select 1")
    assert prepared_manifest(project) == {"parse": 2}
    (project / "models/c.sql").unlink()
    assert prepared_manifest(project) == {"parse": 3}


def test_what_the_compiler_writes_does_not_make_a_manifest_stale(project: Path) -> None:
    before = fingerprint(project)
    (project / "models/marts/segments/generated/b.sql").write_text("select 2, 3")
    assert fingerprint(project) == before


def test_another_environment_is_noticed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(project)
    monkeypatch.setenv("KOHORTE_WAREHOUSE", "elsewhere.duckdb")
    assert fingerprint(project) != before


def test_a_failed_parse_is_tried_again(
    project: Path, parses: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared_manifest(project)
    (project / "models/a.sql").write_text("select 12")
    with monkeypatch.context() as patch:
        patch.setattr(module, "_parse", _refuse)
        with pytest.raises(KohorteError):
            prepared_manifest(project)
    assert prepared_manifest(project) == {"parse": 2}


def test_what_dbt_says_against_a_project_is_told(project: Path) -> None:
    with pytest.raises(KohorteError, match=r"(?s)dbt cannot read the project.*profile"):
        prepared_manifest(project)
    assert not (project / TARGET / "manifest.fingerprint").exists()


def _refuse(root: Path, target: Path) -> None:
    raise KohorteError("no")
