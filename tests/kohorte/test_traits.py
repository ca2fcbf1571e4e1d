"""Traits: texts in a map, tested as what the catalog says they are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from kohorte.analyst.evaluation import Definitions
from kohorte.analyst.explaining import explain
from kohorte.analyst.testing import run_examples
from kohorte.analyst.warehouse import Warehouse
from kohorte.catalog import read_catalog
from kohorte.errors import KohorteError, SpecErrors
from kohorte.project import Project
from kohorte.specs import read_specs

from tests.kohorte import harness
from tests.kohorte.harness import Shop

PEOPLE: dict[str, dict[str, str] | None] = {
    "a": {"poodles": "2", "colour": "Red", "has_garden": "true", "wedding": "2020-07-20"},
    "b": {"poodles": "0", "colour": "red", "has_garden": "false", "wedding": "soon"},
    "c": {"poodles": "many", "colour": "", "has_garden": "perhaps", "wedding": "1999-01-01"},
    "d": {"poodles": "10.5"},
    "e": {},
    "f": None,
}
ANSWERS = {
    "trait.poodles: {gte: 1}": "ad",
    "trait.poodles: {lt: 5}": "ab",
    "trait.poodles: {ne: 2}": "bcdef",
    "trait.poodles: 10.5": "d",
    "trait.poodles: {gte: 1, missing: include}": "acdef",
    "trait.poodles: {top: 1}": "d",
    "trait.poodles: {lt: {attribute: age}}": "ab",
    "trait.colour: red": "b",
    "trait.colour: {eq: red, ignore_case: true}": "ab",
    "trait.colour: {not_in: [red]}": "acdef",
    "trait.has_garden: true": "a",
    "trait.has_garden: false": "b",
    "trait.wedding: {anniversary: {next: 7 days}}": "a",
    "trait.wedding: {before: 2000-01-01}": "c",
    "age: {gt: {attribute: trait.poodles}}": "ab",
}


def _shop() -> Shop:
    rows: list[dict[str, Any]] = [
        {"customer_id": key, "age": 5, "traits": traits} for key, traits in PEOPLE.items()
    ]
    return Shop(customers=rows)


def test_a_trait_is_an_attribute_like_others(tmp_path: Path) -> None:
    segments = {f"s{number}": {"where": [yaml.safe_load(f"{{{text}}}")]}
                for number, text in enumerate(ANSWERS)}  # fmt: skip
    segments["best"] = {
        "where": [{"age": {"gte": 1}}],
        "limit": {"top": 1, "by": "trait.poodles", "per": "trait.has_garden"},
    }
    text = yaml.safe_dump({"version": 1, "segments": segments})
    found = _shop().members(tmp_path, text)
    assert {
        text: "".join(sorted(found[f"s{number}"])) for number, text in enumerate(ANSWERS)
    } == ANSWERS
    assert found["best"] == {"a", "b", "d"}


def test_what_a_customer_has_of_a_trait_is_told(tmp_path: Path) -> None:
    (tmp_path / "s.yml").write_text(
        "version: 1\nsegments:\n  s: {where: [{trait.poodles: {gte: 5}}]}\n", encoding="utf-8"
    )
    catalog = harness.catalog()
    project = Project(tmp_path, "duckdb", {"timezone": "UTC"})
    definitions = Definitions(project, catalog, read_specs(tmp_path, catalog))
    told = {}
    for key in ("a", "c", "f"):
        with duckdb.connect() as connection:
            _shop().create(connection)
            connection.execute(harness.BUILT_STAYS)
            warehouse = Warehouse(Path("memory"), connection)
            (told[key],) = explain(warehouse, definitions, key, definitions.specs.segments)
    found = {key: each.conditions.children[0].found for key, each in told.items()}
    assert found == {"a": "2", "c": "many", "f": "unknown"}
    assert told["a"].would_enter() == "trait.poodles 3 higher"
    assert (told["c"].would_enter(), told["f"].would_enter()) == ("", "")


def test_unit_tests_may_say_traits(tmp_path: Path) -> None:
    (tmp_path / "s.yml").write_text(
        """
version: 1
segments:
  s:
    where:
      - trait.poodles: {gte: 1}
      - trait.colour: "it's {{ red }}"
      - trait.has_garden: true
      - trait.wedding: {before: 2021-01-01}
tests:
  - name: all of it
    customer:
      trait.poodles: 1.5
      trait.colour: "it's {{ red }}"
      trait.has_garden: true
      trait.wedding: 2020-07-20
    is_in: s
  - name: another colour
    customer: {trait.poodles: 2, trait.colour: blue, trait.has_garden: true}
    is_not_in: s
""",
        encoding="utf-8",
    )
    catalog = harness.catalog()
    project = Project(tmp_path, "duckdb", {"timezone": "Europe/Vienna"})
    definitions = Definitions(project, catalog, read_specs(tmp_path, catalog))
    outcomes = list(run_examples(definitions, definitions.specs.examples))
    assert [outcome.passed for outcome in outcomes] == [True, True]


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("trait.poodels: 1", "no attribute or condition `trait.poodels`.*trait.poodles"),
        ("trait.poodles: many", "number"),
        ("traits: x", "no attribute or condition `traits`"),
        ("trait.: x", "no attribute or condition `trait.`"),
    ],
)
def test_an_unknown_trait_is_an_error(tmp_path: Path, where: str, says: str) -> None:
    (tmp_path / "s.yml").write_text(
        f"version: 1\nsegments:\n  s: {{where: [{{{where}}}]}}\n", encoding="utf-8"
    )
    with pytest.raises(SpecErrors) as raised:
        read_specs(tmp_path, harness.catalog())
    assert re.search(says, str(raised.value), re.DOTALL)


@pytest.mark.parametrize(
    ("column", "says"),
    [
        ("{name: t, data_type: text, config: {meta: {kohorte: {traits: [{name: x}]}}}}", "no map"),
        ("{name: t, data_type: 'map(varchar, varchar)', config: {meta: {kohorte: {traits: "
         "[{name: X y}]}}}}", "needs another name"),
        ("{name: t, data_type: 'map(varchar, varchar)', config: {meta: {kohorte: {traits: "
         "[{name: x, type: list}]}}}}", "unknown type `list`"),
        ("{name: t, data_type: 'map(varchar, varchar)', config: {meta: {kohorte: {traits: x}}}}",
         "not a list"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_catalog_is_told(tmp_path: Path, column: str, says: str) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "m.yml").write_text(
        "models:\n  - name: dim_x\n    config: {meta: {kohorte: {entity: customer, key: k}}}\n"
        f"    columns:\n      - {{name: k, data_type: varchar}}\n      - {column}\n",
        encoding="utf-8",
    )
    with pytest.raises(KohorteError, match=says):
        read_catalog(tmp_path)
