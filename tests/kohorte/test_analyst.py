"""What is evaluated on the spot is what the reference says, for every customer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import HealthCheck, given, settings
from kohorte.analyst.evaluation import Definitions, answers, evaluate
from kohorte.analyst.explaining import explain
from kohorte.analyst.warehouse import Warehouse
from kohorte.project import Project
from kohorte.segments.segment import REACHED_SUFFIX
from kohorte.specs import read_specs

from tests.kohorte import harness
from tests.kohorte.engines import DuckDB, load
from tests.kohorte.worlds import documents, tables, worlds
from tests.reference.evaluator import World
from tests.reference.evaluator import evaluate as expected


def _definitions(document: dict[str, Any], world: World, folder: Path) -> Definitions:
    (folder / "spec.yml").write_text(json.dumps(document), encoding="utf-8")
    catalog = harness.catalog()
    project = Project(folder, "duckdb", {"timezone": world.timezone})
    return Definitions(project, catalog, read_specs(folder, catalog))


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(document=documents(), world=worlds())
def test_counting_and_explaining_agree_with_the_reference(
    tmp_path_factory: Any, document: dict[str, Any], world: World
) -> None:
    definitions = _definitions(document, world, tmp_path_factory.mktemp("segments"))
    segments = [s for s in definitions.specs.segments if not s.name.endswith(REACHED_SUFFIX)]
    truth = expected(document, world)
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        load(DuckDB(connection), tables(world))
        connection.execute(harness.BUILT_STAYS)
        warehouse = Warehouse(Path("memory"), connection)
        counted = answers(warehouse, definitions, definitions.specs.segments)
        assert {name: counted.sizes()[name] for name in truth} == {
            name: len(keys) for name, keys in truth.items()
        }
        evaluate(warehouse, definitions, definitions.specs.segments, "asked_for")
        found = set(warehouse.rows("select segment, key from asked_for"))
        assert {pair for pair in found if not pair[0].endswith(REACHED_SUFFIX)} == {
            (name, key) for name, keys in truth.items() for key in keys
        }
        for row in world.customers[:1]:
            for each in explain(warehouse, definitions, row["customer_id"], segments):
                assert each.is_member == (row["customer_id"] in truth[each.segment])
