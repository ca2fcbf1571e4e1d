"""The commands, as processes, on a small project."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from tests.activation.shop import Clock, Shop, people

KOHORTE = Path(sys.executable).with_name("kohorte")


@pytest.fixture
def project(tmp_path: Path) -> Shop:
    """A project whose warehouse has just been built, with an audience of three."""
    (tmp_path / "dbt_project.yml").write_text("name: small\nprofile: small\n")
    folder = tmp_path / "warehouse"
    folder.mkdir()
    shop = Shop(folder, clock=Clock(datetime.now(UTC).replace(tzinfo=None)))
    shop.members = people(3)
    return shop.write()


def kohorte(shop: Shop, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the group `sync`."""
    environment = {name: value for name, value in os.environ.items() if "KOHORTE" not in name}
    done = subprocess.run(
        [KOHORTE, "sync", *arguments, "--project-dir", shop.folder.parent],
        env={**environment, **variables}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert "@example.com" not in done.stdout + done.stderr
    return done


def test_from_the_plan_to_the_audit(project: Shop) -> None:
    assert "begin with: kohorte sync plan" in kohorte(project, "status").stdout
    assert kohorte(project, "plan").stdout == (
        "mail (file): 3 to add, 0 to remove, 0 to update; 0 there now, 3 wanted\n"
    )
    done = kohorte(project, "run")
    assert (done.returncode, done.stdout) == (0, "mail: succeeded, 3 confirmed\n")
    (row,) = json.loads(kohorte(project, "status", "--json").stdout)
    assert (row["present"], row["state"]) == (3, "succeeded")
    done = kohorte(project, "audit", "mail")
    assert done.returncode == 0
    assert "3 in the tool, 3 put there by us; 0 of them missing" in done.stdout
    assert (project.folder / "outbox" / "mail" / "000001-additions.csv").exists()


def test_a_blocked_plan_is_approved_by_its_number(project: Shop) -> None:
    kohorte(project, "run")
    project.members = {}
    project.write()
    done = kohorte(project, "run")
    assert done.returncode == 1
    assert "mail: blocked, 0 confirmed\n  nobody is in the audience any more\n" in done.stdout
    digest = done.stdout.split()[-1]
    assert "carry it out with" in kohorte(project, "approve", "mail", digest).stdout
    assert kohorte(project, "run").stdout == "mail: succeeded, 3 confirmed\n"


def test_a_person_can_be_forgotten_and_an_audience_let_go_of(project: Shop) -> None:
    kohorte(project, "run")
    assert kohorte(project, "forget", "c0001").stdout == "forgotten; was in 1 audience\n"
    assert kohorte(project, "resync", "mail").stdout == "mail: the next run sends 2 anew\n"
    assert kohorte(project, "detach", "mail").stdout == (
        "mail: let go of 2 members; they stay in the tool\n"
    )


def test_mistakes_are_told_in_a_sentence(project: Shop) -> None:
    done = kohorte(project, "run", "nobody")
    assert (done.returncode, done.stderr) == (
        1, "there is no audience `nobody`; there are: mail\n",
    )  # fmt: skip
    missing = kohorte(project, "plan", KOHORTE_WAREHOUSE=str(project.folder / "other.duckdb"))
    assert "there is no warehouse" in missing.stderr
    never = kohorte(project, "audit")
    assert never.stderr == "mail was never synced; run: kohorte sync run\n"


def test_a_tool_without_its_variables_says_which(project: Shop) -> None:
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute("update dim_audiences set tool = 'ghost', target = '{\"label\": \"x\"}'")
    done = kohorte(project, "run")
    assert done.returncode == 1
    assert "KOHORTE_GHOST_KEY: an Admin API key" in done.stderr
    assert done.stdout == ""


def test_another_warehouse_has_a_state_of_its_own(project: Shop) -> None:
    kohorte(project, "run")
    other = project.folder / "march.duckdb"
    other.write_bytes(project.warehouse.read_bytes())
    done = kohorte(project, "plan", KOHORTE_WAREHOUSE=str(other))
    assert "3 to add, 0 to remove" in done.stdout


def test_a_warehouse_of_an_older_kohorte_is_told(project: Shop) -> None:
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute("alter table dim_audiences drop max_added")
    assert "run: make run" in kohorte(project, "plan").stderr


def test_a_warehouse_without_audiences_is_told(project: Shop) -> None:
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute("drop table dim_audiences")
    assert "no audiences yet; run: make run" in kohorte(project, "plan").stderr
