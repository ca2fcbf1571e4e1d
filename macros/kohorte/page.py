"""The catalogue page: what segments can be written about, and which there are."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from kohorte.catalog import Activity, Catalog, Column, Entity, Type
from kohorte.segments.segment import Segment
from kohorte.specs import Specs
from kohorte.uses import uses_of

_INTRODUCTION = (
    "What segments can be written about, and the segments that there are. Made by"
    " `kohorte docs` from the descriptions of the dbt models and from the specs."
)
#: What Markdown would read something into, in the middle of a line.
_MARKUP = re.compile(r"([\\`*\[\]<>|])")

Thing = TypeVar("Thing", bound=Hashable)
#: The segments that use something, by what it is.
Users = Mapping[Thing, list[str]]
Examples = Mapping[tuple[str, str], str] | None


def catalogue_page(
    catalog: Catalog, specs: Specs, examples: Mapping[tuple[str, str], str] | None = None
) -> str:
    """Return the page as Markdown; the same catalog and specs give the same text.

    `examples` are what columns look like in a warehouse, by activity and column.
    """
    segments = sorted(specs.segments, key=lambda segment: (segment.place, segment.name))
    parts = ["# Catalogue", _INTRODUCTION]
    for _, entity in sorted(catalog.entities.items()):
        own = [segment for segment in segments if segment.entity == entity.name]
        columns = _users({segment.name: uses_of(segment).columns for segment in own})
        activities = _users({segment.name: uses_of(segment).activities for segment in own})
        parts += _entity(entity, columns, examples)
        for name, activity in sorted(catalog.activities_of(entity.name).items()):
            parts += _activity(activity, columns, activities.get(name, []), examples)
    parts += _lists(catalog, _users({s.name: uses_of(s).lists for s in segments}))
    parts += ["## Segments"] if segments else []
    for segment in segments:
        parts += _segment(segment)
    return "\n\n".join(parts) + "\n"


def _users(used: Mapping[str, Collection[Thing]]) -> Users[Thing]:
    """Return who uses each thing, from what each one uses."""
    users: dict[Thing, list[str]] = defaultdict(list)
    for user, things in used.items():
        for thing in things:
            users[thing].append(user)
    return users


# --- sections -----------------------------------------------------------------------


def _entity(entity: Entity, users: Users[tuple[str, str]], examples: Examples) -> list[str]:
    """Return the sections of an entity's attributes and places."""
    attributes = entity.attributes.values()
    columns = [column for column in attributes if column.type is not Type.PLACE]
    places = [
        (_code(column.name), _codes(column.parts or ()), _links(users.get(("", column.name), [])))
        for column in attributes
        if column.type is Type.PLACE
    ]
    parts = [f"## Attributes of {entity.name}", _columns("attribute", "", columns, users, examples)]
    if places:
        parts += [f"## Places of {entity.name}", _table(("place", "made of", "used by"), places)]
    return parts


def _activity(
    activity: Activity, users: Users[tuple[str, str]], using: Sequence[str], examples: Examples
) -> list[str]:
    """Return the section of an activity."""
    facts = [f"- Who: `{activity.key}`. When: `{activity.time}`."]
    if activity.type:
        types = _codes(f"{activity.name}.{type_}" for type_ in activity.types)
        facts.append(f"- Types, from `{activity.type}`: {types or 'any'}.")
    if using:
        facts.append(f"- Used by {_links(using)}.")
    parts = [
        f"## Activity {activity.name}",
        _markdown(activity.description),
        "\n".join(facts),
        _columns("column", activity.name, activity.columns.values(), users, examples),
    ]
    return list(filter(None, parts))


def _lists(catalog: Catalog, users: Users[str]) -> list[str]:
    """Return the section of the manual lists; who is on them is not for a page."""
    rows = [(_code(name), _links(users.get(name, []))) for name in sorted(catalog.lists)]
    return ["## Manual lists", _table(("list", "used by"), rows)] if rows else []


def _segment(segment: Segment) -> list[str]:
    """Return the section of a segment."""
    facts = [f"- Who: {_text(segment.words())}."]
    if segment.split:
        shares = ", ".join(f"{name} {share}%" for name, share in segment.split.variants)
        facts.append(f"- Variants: {_text(shares)}.")
    if segment.uses():
        facts.append(f"- Made of {_links(sorted(segment.uses()))}.")
    facts.append(f"- Kind: {segment.kind}. Declared in {_code(segment.place.path)}.")
    about = " ".join(filter(None, (f"**{_text(segment.label)}.**", _text(segment.description))))
    return [f"### {segment.name}", about, "\n".join(facts)]


# --- pieces -------------------------------------------------------------------------


def _columns(
    kind: str,
    activity: str,
    columns: Iterable[Column],
    users: Users[tuple[str, str]],
    examples: Examples,
) -> str:
    """Return the table of some columns."""
    looks = () if examples is None else ("in the warehouse",)
    head = (kind, "type", "unit", "values", *looks, "meaning", "personal", "used by")
    rows = [
        (
            _code(column.name),
            column.type,
            _text(column.unit),
            _codes(column.values),
            *(() if examples is None else (_text(examples.get((activity, column.name), "")),)),
            _markdown(column.description),
            "yes" if column.is_personal else "",
            _links(users.get((activity, column.name), [])),
        )
        for column in columns
    ]
    return _table(head, rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _text(text: str) -> str:
    """Return a text as one line that Markdown reads nothing into."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return _MARKUP.sub(r"\\\1", " ".join(printable.split()))


def _markdown(description: str) -> str:
    """Return a description of dbt's YAML, which is Markdown, for a cell of a table."""
    return description.replace("|", r"\|")


def _code(text: str) -> str:
    """Return a text as code; a name of the catalog, or a value that it enumerates."""
    return f"`{text}`" if re.fullmatch(r"[^`|\n]+", text) else _text(text)


def _codes(texts: Iterable[str]) -> str:
    return ", ".join(_code(text) for text in texts)


def _links(segments: Iterable[str]) -> str:
    return ", ".join(f"[{name}](#{name})" for name in segments)
