"""The JSON Schema of a spec file, with the names of the project's catalog in it.

Conditions and tests describe themselves; here is what stands around them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from kohorte import shapes
from kohorte.audiences import CHANNELS, MAX_COUNT, OPTIONS, TOOLS
from kohorte.catalog import NAME, Catalog, Type, read_catalog
from kohorte.conditions import heads
from kohorte.conditions.active import Active
from kohorte.conditions.attribute import AttributeTest
from kohorte.segments.files import AUDIENCES, declared_names
from kohorte.segments.segment import DEFAULT_ENTITY, MAX_NAME, Kind
from kohorte.shapes import Schema, described
from kohorte.vocabulary import Vocabulary

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PART = rf"[a-z][a-z0-9_]{{0,{MAX_NAME - 1}}}"
#: Two underscores in a row make tiers and branches.
_DECLARED = f"(?!.*__){_PART}"
_KINDS = {
    Kind.DYNAMIC: "Whoever the rule fits now; this is the default.",
    Kind.SNAPSHOT: "Whoever the rule fitted at the first run, for good.",
    Kind.MANUAL: "Whoever is on the lists; there is no rule.",
}
_MAX_MEMBERS = 10**12


def schema_text(root: Path, specs: Path) -> str:
    """Return the schema for a project and its folder of specs, which may hold mistakes."""
    schema = spec_schema(read_catalog(root), declared_names(specs))
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def spec_schema(catalog: Catalog, segments: Iterable[str]) -> Schema:
    """Return the JSON Schema of a spec file; `segments` are the names to suggest."""
    definitions: dict[str, Schema] = {}
    known = tuple(sorted(segments))
    vocabularies = [
        Vocabulary(catalog, entity, entity.attributes, known, definitions, _condition)
        for _, entity in sorted(catalog.entities.items())
    ]
    sections = {"segments": _segment, "ladders": _ladder, "waterfalls": _waterfall}
    keys = {
        "version": described({"const": 1}, "The version of the language."),
        "owner": described(shapes.text(), "Who is asked about what this file declares."),
    }
    for section, make in sections.items():
        declared = shapes.names(_DECLARED, _of_any_entity(section, make, vocabularies))
        keys[section] = described(declared, f"The {section}, by name.")
    customers = next((v for v in vocabularies if v.entity.name == DEFAULT_ENTITY), None)
    if customers:
        audiences = shapes.names(_DECLARED, _audience(customers))
        keys[AUDIENCES] = described(audiences, "Whom a tool is to know, by name.")
        tests = shapes.items(_example(customers))
        keys["tests"] = described(tests, "Unit tests: customers, and the segments they are in.")
    return {
        "$schema": DIALECT,
        **shapes.fields(keys, required=["version"]),
        "$defs": dict(sorted(definitions.items())),
    }


def _of_any_entity(
    section: str, make: Callable[[Vocabulary], Schema], vocabularies: list[Vocabulary]
) -> Schema:
    """Return the schema that `entity` chooses, the default one where it is not said."""
    forms = {v.entity.name: v.once(section, partial(make, v)) for v in vocabularies}
    if list(forms) == [DEFAULT_ENTITY]:
        return forms[DEFAULT_ENTITY]
    entity = described(shapes.one_of(forms), "What it is made of.")
    shape = forms.pop(DEFAULT_ENTITY, {"required": ["entity"]})
    for name, form in forms.items():
        is_it = {"properties": {"entity": {"const": name}}, "required": ["entity"]}
        shape = {"if": is_it, "then": form, "else": shape}
    return {"type": "object", "properties": {"entity": entity}, **shape}


def _condition(vocabulary: Vocabulary) -> Schema:
    """Return the schema of a condition, or of a list of conditions that must all hold."""
    forms = {name: AttributeTest.schema(name, vocabulary) for name in vocabulary.columns}
    forms |= {head: condition.schema(head, vocabulary) for head, condition in heads().items()}
    structure = {"type": ["object", "array"], "items": vocabulary.condition(), "minItems": 1}
    return {**structure, **shapes.by_head(forms)}


# --- segments -----------------------------------------------------------------------


def _segment(vocabulary: Vocabulary) -> Schema:
    kinds = [described({"const": kind}, meaning) for kind, meaning in _KINDS.items()]
    included = shapes.one_or_more(vocabulary.list_name())
    excluded = shapes.one_or_more(vocabulary.segment_or_list())
    shape = shapes.fields(
        {
            **_common(vocabulary),
            "kind": described(shapes.either(*kinds), "Where the members come from."),
            "where": described(vocabulary.condition(), "Who belongs."),
            "include": described(included, "Who is on these lists is in, too."),
            "exclude": described(excluded, "Who is in these segments or on these lists is out."),
            "active": Active.schema("active", vocabulary),
            "limit": _limit(vocabulary),
            "split": _split(),
            "expect": _expectation(),
        }
    )
    is_manual = {"properties": {"kind": {"const": Kind.MANUAL}}, "required": ["kind"]}
    shape["allOf"] = [
        shapes.any_of_keys(("where", "include")),
        {"if": is_manual, "then": {"properties": {"where": False}}},
    ]
    return shape


def _example(vocabulary: Vocabulary) -> Schema:
    """Return the schema of a unit test."""
    row = {"type": "object"}
    in_these = shapes.one_or_more(vocabulary.segment())
    shape = shapes.fields(
        {
            "name": described(shapes.text(), "What the test shows."),
            "as_of": described(shapes.date(), "The instant it is seen from, in UTC."),
            "customer": described(row, "Attributes and their values; others are unknown or 0."),
            "did": described(row, "Rows by activity, or activity.type; each with its time."),
            "lists": described(shapes.one_or_more(vocabulary.list_name()), "On these lists."),
            "is_in": described(in_these, "The customer must be in these segments."),
            "is_not_in": described(in_these, "The customer must not be in these segments."),
        }
    )
    shape["allOf"] = [shapes.any_of_keys(("is_in", "is_not_in"))]
    return shape


def _audience(vocabulary: Vocabulary) -> Schema:
    count = shapes.whole(1, MAX_COUNT)
    cap = shapes.fields({"at_most": count, "within": shapes.period()}, ("at_most", "within"))
    guard = {
        "max_removed": described(shapes.share(), "More may not leave at once."),
        "max_added": described(shapes.share(), "More may not come at once."),
        "min_members": described(shapes.whole(0, MAX_COUNT), "With fewer, nobody is in."),
    }
    columns = shapes.one_or_more(shapes.one_of(vocabulary.catalog.fields))
    keys = {
        "label": described(shapes.text(), "What people call it."),
        "description": described(shapes.text(), "Who that is, in a sentence."),
        "owner": described(shapes.text(), "Who is asked about it."),
        "segments": described(shapes.one_or_more(vocabulary.segment()), "Who is in any of them."),
        "variant": described(shapes.pattern(NAME.pattern), "Only this variant of the split."),
        "channel": described(shapes.one_of(CHANNELS), "Consent to it is required."),
        "priority": described(count, "Of a channel's audiences, the lowest has the person."),
        "cap": described(cap, "Whoever got so many messages of the channel is left alone."),
        "send": described(columns, "The columns that travel with each member."),
        "to": described(_target(), "The tool, and what it calls the audience."),
        "guard": described(shapes.fields(guard), "What is normal; the sync stops at more."),
    }
    return shapes.fields(keys, required=("segments", "channel", "to"))


def _target() -> Schema:
    """Return the schema of a tool and what it needs to know."""
    forms = {
        tool: shapes.fields(
            {
                "tool": {"const": tool},
                **{key: shapes.text() for key in keys},
                **{key: shapes.one_of(known) for key, known in OPTIONS.get(tool, {}).items()},
            },
            required=("tool", *keys),
        )
        for tool, keys in TOOLS.items()
    }
    shape: Schema = {}
    for tool, form in forms.items():
        is_it = {"properties": {"tool": {"const": tool}}, "required": ["tool"]}
        shape = {"if": is_it, "then": form, "else": shape}
    known = {"tool": described(shapes.one_of(TOOLS), "Which one.")}
    return {"type": "object", "properties": known, "required": ["tool"], **shape}


def _limit(vocabulary: Vocabulary) -> Schema:
    ordered = (Type.NUMBER, Type.DATE, Type.TIMESTAMP)
    parts = {
        "top": described(shapes.amount_or_share(), "So many of the members stay in."),
        "by": described(vocabulary.column_names(ordered), "The highest values stay in."),
        "per": described(vocabulary.column_names(), "So many of each group of equal values."),
    }
    return described(shapes.fields(parts, required=("top", "by")), "At most so many members.")


def _split() -> Schema:
    variants = shapes.names(NAME.pattern, shapes.number(minimum=0, maximum=100))
    parts = {
        "seed": described(shapes.text(), "The same seed puts people into the same variants."),
        "variants": described(variants, "Percentages by name, together 100."),
    }
    return described(shapes.fields(parts, required=parts), "Variants that members fall into.")


def _expectation() -> Schema:
    bound = shapes.whole(0, _MAX_MEMBERS)
    change = shapes.fields({"max": shapes.share()}, required=["max"])
    parts = {
        "members": described(shapes.fields({"min": bound, "max": bound}), "How many there are."),
        "change": described(change, "By which share their number changes between runs."),
    }
    return described(shapes.fields(parts), "What is normal; it keeps nobody out.")


# --- ladders and waterfalls ---------------------------------------------------------


def _ladder(vocabulary: Vocabulary) -> Schema:
    number = described(vocabulary.column_names((Type.NUMBER,)), "What decides the tier.")
    tiers = described(shapes.names(_PART, shapes.number()), "Where each tier begins.")
    grace = described(shapes.period(), "How long a tier is kept after falling below it.")
    keys = {**_common(vocabulary), "by": number, "tiers": tiers, "grace": grace}
    return shapes.fields(keys, required=("by", "tiers"))


def _waterfall(vocabulary: Vocabulary) -> Schema:
    first = {**shapes.items(vocabulary.segment()), "uniqueItems": True}
    first = described(first, "Everybody gets the first of these segments that fits.")
    return shapes.fields({**_common(vocabulary), "first_match": first}, required=["first_match"])


# --- what all of them have ----------------------------------------------------------


def _common(vocabulary: Vocabulary) -> dict[str, Schema]:
    """Return the keys that say what it is made of, and those for people."""
    return {
        "label": described(shapes.text(), "What people call it."),
        "description": described(shapes.text(), "Who that is, in a sentence."),
        "owner": described(shapes.text(), "Who is asked about it."),
        "was": described(shapes.text(), "The name it had before; its history goes on."),
        "tags": described(shapes.one_or_more(shapes.text()), "Words to find it by."),
        "entity": described({"const": vocabulary.entity.name}, "What it is made of."),
    }
