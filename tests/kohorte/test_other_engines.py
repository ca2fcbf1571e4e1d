"""Compiled SQL means on PostgreSQL and Spark what the reference evaluator says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings

from tests.kohorte import harness
from tests.kohorte.engines import Engine, Postgres, Spark, load, run_models
from tests.kohorte.worlds import compiled_members, documents, no_rows, worlds
from tests.reference.evaluator import World, evaluate, variants
from tests.servers.postgres import postgres_server
from tests.servers.spark import spark_process

#: A server takes a second for what the embedded engine does at once.
EXAMPLES = int(os.environ.get("KOHORTE_EXAMPLES", "300")) // 30
CHECKED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES <= 10,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
CASES = sorted(path.parent for path in (harness.HERE / "cases").glob("*/segments.yml"))


@pytest.fixture(scope="module", params=["postgres", "spark"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "spark":
        with spark_process() as process:
            yield Spark(process)
    else:
        with (
            postgres_server() as address,
            psycopg.connect(address, autocommit=True) as connection,
        ):
            yield Postgres(connection)


def test_every_golden_case_runs(engine: Engine) -> None:
    engine.clear()
    load(engine, no_rows())
    for case in CASES:
        with engine.undone():
            run_models(engine, harness.compile_folder(case, engine.dialect))
            assert all(not found for found in harness.members(engine).values()), case.name


@CHECKED
@given(document=documents(), world=worlds())
def test_compiled_members_are_those_of_the_reference(
    engine: Engine,
    tmp_path_factory: pytest.TempPathFactory,
    document: dict[str, Any],
    world: World,
) -> None:
    engine.clear()
    folder = tmp_path_factory.mktemp("segments")
    members, found = compiled_members(document, world, folder, engine)
    assert members == evaluate(document, world)
    assert found == {name: who for name, who in variants(document, world).items() if who}
