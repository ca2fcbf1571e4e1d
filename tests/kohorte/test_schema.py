"""The JSON Schema of specs agrees with the compiler, as far as a schema can."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft7Validator, Draft202012Validator
from jsonschema.protocols import Validator
from kohorte import audiences
from kohorte.catalog import Catalog, Column, Entity, Type
from kohorte.document import Mapping, Node, Scalar, Sequence, read_document
from kohorte.errors import SpecErrors
from kohorte.schema import schema_text, spec_schema
from kohorte.segments import files, ladder, single, waterfall
from kohorte.segments.files import declared_names

from tests.conftest import ROOT
from tests.kohorte import harness
from tests.kohorte.worlds import documents

GOLDEN = harness.HERE / "schema.json"
CASES = sorted((harness.HERE / "cases").glob("*/segments.yml"))
SPECS = sorted((ROOT / "segments").rglob("*.yml"))
#: The mistakes that show in the shape of a file, or in a name out of the catalog. The
#: others are in what several places say together, in a text with a language of its own,
#: or in YAML itself.
MISTAKES_OF_SHAPE = (
    "a_list_of_segments", "activity_without_types", "bad_name",
    "boolean_in_another_language", "condition_is_a_text", "condition_is_empty",
    "distance_without_unit", "ignore_case_of_number", "ladder_by_text",
    "ladder_without_tiers", "latitude_out_of_range", "limit_by_text",
    "list_tested_like_a_text", "manual_with_rule", "nothing_stands_there",
    "number_against_text", "operator_does_not_fit_type", "option_alone",
    "other_attribute_of_another_type", "ranking_in_activity", "ranking_per_place",
    "regularly_with_window", "sample_above_hundred", "segment_says_nobody",
    "sequence_step_with_count", "sequence_without_did", "several_at_once",
    "share_above_hundred", "text_against_number", "two_attributes", "two_heads",
    "two_windows", "type_is_empty", "unknown_activity", "unknown_activity_column",
    "unknown_activity_type", "unknown_attribute", "unknown_calendar_unit", "unknown_entity",
    "unknown_head", "unknown_key", "unknown_list", "unknown_operator", "unknown_option",
    "unknown_segment_key", "unknown_unit", "unknown_value", "unknown_version",
    "version_is_true", "version_missing", "waterfall_twice_the_same",
)  # fmt: skip
#: What draft-07 and 2020-12 understand alike.
KEYWORDS = {
    "additionalProperties", "allOf", "anyOf", "const", "contains", "description", "else", "enum",
    "examples", "if", "items", "maxItems", "maxLength", "maxProperties", "maximum",
    "minItems", "minLength", "minProperties", "minimum", "not", "pattern", "properties",
    "propertyNames", "required", "then", "type", "uniqueItems",
}  # fmt: skip

_HOLDING_ONE = (
    "items", "contains", "additionalProperties", "propertyNames", "not", "if", "then", "else",
)  # fmt: skip


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return spec_schema(harness.catalog(), ["buyers", "status__gold"])


def plain(node: Node | None) -> Any:
    """Return a tree of a spec as an editor's YAML parser gives it."""
    match node:
        case Mapping():
            return {str(key.value): plain(value) for key, value in node.entries}
        case Sequence():
            return [plain(item) for item in node.items]
        case Scalar(value=Decimal() as number):
            return float(number)
        case Scalar():
            return node.value
    return {"version": 1}


def validators(schema: dict[str, Any]) -> list[Validator]:
    older = {key: value for key, value in schema.items() if key != "$schema"}
    return [Draft202012Validator(schema), Draft7Validator(older)]


def verdicts(schema: dict[str, Any], document: Any) -> set[bool]:
    return {validator.is_valid(document) for validator in validators(schema)}


def read(path: Path) -> Any:
    return plain(read_document(path, path.name))


def test_schema_for_the_test_catalog_is_the_expected_one(
    schema: dict[str, Any], update_golden: bool
) -> None:
    text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    if update_golden:
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_schema_is_valid_in_both_drafts(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    Draft7Validator.check_schema({**schema, "$schema": Draft7Validator.META_SCHEMA["$id"]})


def test_schema_says_nothing_that_an_older_editor_would_miss(schema: dict[str, Any]) -> None:
    root = {key: value for key, value in schema.items() if key not in ("$schema", "$defs")}
    found = [*schemas_in(root)]
    found += [part for shape in schema["$defs"].values() for part in schemas_in(shape)]
    for shape in found:
        if "$ref" in shape:
            assert shape.keys() <= {"$ref", "description"}
            assert shape["$ref"].removeprefix("#/$defs/") in schema["$defs"]
        else:
            assert shape.keys() <= KEYWORDS


def schemas_in(shape: Any) -> Iterator[dict[str, Any]]:
    """Yield a schema and those inside it."""
    if isinstance(shape, bool):
        return
    yield shape
    inner = [shape[keyword] for keyword in _HOLDING_ONE if keyword in shape]
    several = [*shape.get("allOf", ()), *shape.get("anyOf", ())]
    for part in [*inner, *several, *shape.get("properties", {}).values()]:
        yield from schemas_in(part)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.parent.name)
def test_schema_accepts_what_compiles(path: Path, schema: dict[str, Any]) -> None:
    assert verdicts(schema, read(path)) == {True}


@settings(max_examples=60, deadline=None, derandomize=True)
@given(document=documents())
def test_schema_accepts_what_the_generator_makes(document: dict[str, Any]) -> None:
    schema = spec_schema(harness.catalog(), [])
    assert verdicts(schema, document) == {True}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_schema_of_the_project_accepts_its_specs(path: Path) -> None:
    schema = json.loads(schema_text(ROOT, ROOT / "segments"))
    assert verdicts(schema, read(path)) == {True}


@pytest.mark.parametrize("name", MISTAKES_OF_SHAPE)
def test_schema_refuses_a_mistake_of_shape_as_the_compiler_does(
    name: str, schema: dict[str, Any]
) -> None:
    folder = harness.HERE / "mistakes" / name
    (path,) = folder.glob("*.yml")
    assert verdicts(schema, read(path)) == {False}
    with pytest.raises(SpecErrors):
        harness.read(folder)


#: What stands where it does not belong, in the test below.
_INTRUDERS: tuple[Any, ...] = (
    True, 0, -1, 2.5, "", "x", "10%", "0%", "30 days", "30 dyas", "2026-02-30",
    "2026-01-31 00:00", "90 days ago", [], {}, None, "events.", "orders.x", "home", "age",
    [1], [1, 2], ["a", 1], {"gte": 1}, {"eq": "AT"},
)  # fmt: skip
_STRAY_KEYS = ("age", "city", "home", "did", "where", "within", "missing", "per", "gte", "in")


def paths_in(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of everything below the root."""
    if path:
        yield path
    items = node.items() if isinstance(node, dict) else ()
    for key, value in enumerate(node) if isinstance(node, list) else items:
        yield from paths_in(value, (*path, key))


def disturb(document: Any, draw: random.Random) -> None:
    """Change one thing in a spec: a value, or the name of a key."""
    *path, last = draw.choice(list(paths_in(document)))
    parent = document
    for key in path:
        parent = parent[key]
    if isinstance(parent, dict) and draw.random() < 0.4:
        parent[draw.choice(_STRAY_KEYS)] = parent.pop(last)
    else:
        parent[last] = copy.deepcopy(draw.choice(_INTRUDERS))


def test_what_the_schema_refuses_the_compiler_refuses(
    schema: dict[str, Any], tmp_path: Path
) -> None:
    originals = [read(path) for path in CASES if path.parent.name != "hostile_values"]
    draw, refused = random.Random(7), 0
    validator = Draft202012Validator(schema)
    for _ in range(600):
        document = copy.deepcopy(draw.choice(originals))
        disturb(document, draw)
        if not validator.is_valid(document):
            refused += 1
            with pytest.raises(SpecErrors):
                harness.read(harness.write_spec(tmp_path, json.dumps(document)))
    assert refused > 300


def test_schema_knows_the_keys_that_the_compiler_reads(schema: dict[str, Any]) -> None:
    sections = schema["$defs"]
    assert tuple(schema["properties"]) == files.FILE_KEYS
    assert sections["customer.segments"]["properties"].keys() == set(single.KEYS)
    assert sections["customer.ladders"]["properties"].keys() == set(ladder.KEYS)
    assert sections["customer.waterfalls"]["properties"].keys() == set(waterfall.KEYS)
    shape = schema["properties"]["audiences"]
    (audience,) = shape.get("patternProperties", {}).values() or [shape["additionalProperties"]]
    assert audience["properties"].keys() == set(audiences.KEYS)
    kinds = sections["customer.segments"]["properties"]["kind"]["anyOf"]
    assert [kind["const"] for kind in kinds] == list(single.WRITTEN_KINDS)


def test_a_name_that_a_spec_adds_is_no_mistake(schema: dict[str, Any]) -> None:
    condition = {"any": [{"in_segment": "buyers"}, {"not_in_segment": "brand_new"}]}
    assert verdicts(schema, _document(condition)) == {True}


def _document(where: Any, **keys: Any) -> Any:
    return {"version": 1, "segments": {"example": {"where": where, **keys}}}


def test_attributes_are_those_of_the_entity_that_is_named() -> None:
    pages = Column("pages_seen", Type.NUMBER)
    visitor = Entity("visitor", "dim_visitor_features", "visitor_id", {"pages_seen": pages})
    catalog = harness.catalog()
    schema = spec_schema(
        replace(catalog, entities={**catalog.entities, "visitor": visitor}), ["buyers"]
    )
    seen, old = {"pages_seen": {"gt": 3}}, {"age": {"gt": 3}}
    assert verdicts(schema, _document(old)) == {True}
    assert verdicts(schema, _document(seen, entity="visitor")) == {True}
    assert verdicts(schema, _document(seen)) == {False}
    assert verdicts(schema, _document(old, entity="visitor")) == {False}
    assert verdicts(schema, _document({"did": "orders"}, entity="visitor")) == {False}
    assert verdicts(schema, _document(old, entity="robot")) == {False}


def test_entity_is_needed_where_there_is_no_customer() -> None:
    pages = Column("pages_seen", Type.NUMBER)
    visitor = Entity("visitor", "dim_visitor_features", "visitor_id", {"pages_seen": pages})
    schema = spec_schema(Catalog({"visitor": visitor}), [])
    seen = {"pages_seen": {"gt": 3}}
    assert verdicts(schema, _document(seen, entity="visitor")) == {True}
    assert verdicts(schema, _document(seen)) == {False}


def test_descriptions_come_from_the_catalog(schema: dict[str, Any]) -> None:
    condition = schema["$defs"]["customer.condition"]
    while "else" in condition:
        condition = condition["else"]
    assert condition["properties"]["country"]["description"] == "Where the customer lives."


def test_schema_suggests_names_from_specs_that_hold_mistakes(tmp_path: Path) -> None:
    specs_folder = harness.write_spec(
        tmp_path,
        "version: 1\nsegments:\n  one: {where: {agee: 1}}\n  Two: {}\n"
        "ladders:\n  status: {by: nothing, tiers: {gold: 1}}\n"
        "waterfalls:\n  message: {first_match: [one, [], x y]}\n",
    )
    (specs_folder / "broken.yml").write_text("not: [yaml", encoding="utf-8")
    assert declared_names(specs_folder) == ["message__one", "one", "status__gold"]
    assert '"status__gold"' in schema_text(harness.PROJECT, specs_folder)
