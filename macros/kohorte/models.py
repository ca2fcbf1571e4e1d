"""The dbt models of a plan, and of what is declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlglot import exp

from kohorte.lookup import WORD_BITS, Query
from kohorte.model_texts import TEXTS, model_text, row_of
from kohorte.plan import (
    FLAG_PREFIX,
    LIST_PREFIX,
    EntityPlan,
    conditions_model,
    members_model,
    through,
    words_model,
)
from kohorte.segments.segment import Segment
from kohorte.specs import SetAside, Specs
from kohorte.updatable import updatable_conditions
from kohorte.uses import uses_of

DEFINITIONS_MODEL = "int_segment_definitions"
UNREAD_FILES_MODEL = "int_segment_unread_files"
_DEFINITION_COLUMNS = {
    "segment": "text",
    "label": "text",
    "description": "text",
    "kind": "text",
    "entity": "text",
    "owner": "text",
    "definition": "text",
    "definition_hash": "text",
    "declared_in": "text",
    "state": "text",
    "reason": "text",
    "was": "text",
    "through": "text",
    "split_seed": "text",
    "tags": TEXTS,
    "uses": TEXTS,
    "lists": TEXTS,
    "word": "int",
    "list_word": "int",
    "bit": "bigint",
    "list_bit": "bigint",
    "expected_min_members": "bigint",
    "expected_max_members": "bigint",
    "expected_max_change": "double",
}
_UNREAD_COLUMNS = {"declared_in": "text", "reason": "text"}
_CONDITIONS = (
    "One row per {} who meets any condition on activities or lists, with 60 flags to a number."
)


def entity_models(plan: EntityPlan, dialect: str) -> dict[str, str]:
    """Return the text of each model of an entity, by the model's name."""
    entity = plan.entity.name
    models = packed_models(plan, dialect)
    if plan.moving.asked:
        models[conditions_model(entity)] = updatable_conditions(
            plan, _CONDITIONS.format(entity), dialect
        )
    return {
        **models,
        members_model(entity): model_text(
            f"One row per segment and {entity} in it.", "view", plan.members, dialect
        ),
    }


def packed_models(plan: EntityPlan, dialect: str) -> dict[str, str]:
    """Return the text of the models with the packed answers alone."""
    entity = plan.entity.name
    models = {
        words_model(entity): model_text(
            f"One row per {entity}: who is in which segment, 60 flags to a number.",
            "table", plan.words, dialect, {"conditions": conditions_model(entity)},
        )
    }  # fmt: skip
    if plan.conditions:
        models[conditions_model(entity)] = model_text(
            _CONDITIONS.format(entity), "table", plan.conditions, dialect, plan.moving.aliases()
        )
    return models


def definitions_model(specs: Specs, plans: Iterable[EntityPlan], dialect: str) -> str:
    """Return the text of the model that lists the segments' definitions.

    A segment that is set aside has a row as well: its state is stale.
    """
    places = {place: at for plan in plans for place, at in plan.places.items()}
    lists = _lists(specs)
    rows = [_defined(segment, specs, places, lists) for segment in specs.segments]
    rows += [_set_aside(aside) for aside in specs.set_aside if aside.name]
    selects = tuple(map(_definition, rows)) or (_definition({}).where(exp.false()),)
    query = Query(DEFINITIONS_MODEL, selects)
    return model_text("One row per segment that is declared.", "table", (query,), dialect)


def unread_files_model(specs: Specs, dialect: str) -> str:
    """Return the text of the model that lists the spec files that could not be read."""
    rows = [
        {"declared_in": aside.path, "reason": aside.reason}
        for aside in specs.set_aside
        if not aside.name
    ]
    selects = tuple(row_of(row, _UNREAD_COLUMNS) for row in rows)
    selects = selects or (row_of({}, _UNREAD_COLUMNS).where(exp.false()),)
    query = Query(UNREAD_FILES_MODEL, selects)
    return model_text(
        "One row per mistake in a spec file outside of a segment.", "view", (query,), dialect
    )


def _lists(specs: Specs) -> dict[str, frozenset[str]]:
    """Return the manual lists that decide on each segment, also through others."""
    lists: dict[str, frozenset[str]] = {}
    for segment in specs.segments:
        through = (lists[name] for name in segment.uses())
        lists[segment.name] = uses_of(segment).lists.union(*through)
    return lists


def _defined(
    segment: Segment,
    specs: Specs,
    places: Mapping[str, int],
    lists: Mapping[str, frozenset[str]],
) -> dict[str, object]:
    """Return what is told of a segment that is evaluated."""
    expect = segment.expect
    word, bit = divmod(places[FLAG_PREFIX + segment.name], WORD_BITS)
    list_word, list_bit = divmod(places.get(LIST_PREFIX + segment.name, -1), WORD_BITS)
    has_list_flag = list_word >= 0
    return {
        "segment": segment.name,
        "label": segment.label,
        "description": segment.description,
        "kind": str(segment.kind),
        "entity": segment.entity,
        "owner": segment.owner,
        "definition": segment.words(),
        "definition_hash": specs.hashes[segment.name],
        "declared_in": segment.place.path,
        "state": "fresh",
        "was": segment.was,
        "through": None if has_list_flag else through(segment),
        "split_seed": segment.split.seed if segment.split else None,
        "tags": segment.tags,
        "uses": segment.uses(),
        "lists": sorted(lists[segment.name]),
        "word": word,
        "list_word": list_word if has_list_flag else None,
        "bit": 1 << bit,
        "list_bit": 1 << list_bit if has_list_flag else None,
        "expected_min_members": expect.min_members,
        "expected_max_members": expect.max_members,
        "expected_max_change": expect.max_change,
    }


def _set_aside(aside: SetAside) -> dict[str, object]:
    """Return what is told of a segment that cannot be evaluated."""
    return {
        "segment": aside.name,
        "label": aside.name,
        "declared_in": aside.path,
        "state": "stale",
        "reason": aside.reason,
        "was": aside.was,
    }


def _definition(row: Mapping[str, object]) -> exp.Select:
    return row_of(row, _DEFINITION_COLUMNS)
