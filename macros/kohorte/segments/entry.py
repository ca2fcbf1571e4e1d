"""What all entries have in common, whatever section of a file they stand in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kohorte.catalog import NAME
from kohorte.conditions import Condition
from kohorte.document import Node, Scalar
from kohorte.errors import Invalid, shown
from kohorte.reader import Reader
from kohorte.segments.files import Declared
from kohorte.segments.segment import MAX_NAME, Kind, Segment

TEXT_KEYS = ("label", "description", "owner", "tags", "entity", "was")


def read_texts(entry: Declared, parts: Mapping[str, Node], reader: Reader) -> dict[str, Any]:
    """Read label, description, owner, tags, and the name that the entry had before."""
    texts: dict[str, Any] = {
        "label": str(entry.key.value), "description": "", "owner": entry.owner, "tags": (),
        "was": None,
    }  # fmt: skip
    for key in texts.keys() & parts.keys() - {"tags"}:
        with reader.tolerant():
            texts[key] = reader.text(parts[key])
    if "tags" in parts:
        with reader.tolerant():
            texts["tags"] = tuple(map(reader.text, reader.one_or_more(parts["tags"])))
    return texts


def need(entry: Declared, parts: Mapping[str, Node], keys: tuple[str, ...], reader: Reader) -> None:
    """Refuse an entry that lacks a key; an unknown one may have been meant as it."""
    missing = [key for key in keys if key not in parts]
    if missing and len(parts) == len(getattr(entry.node, "entries", ())):
        raise reader.fail(entry.node, f"`{missing[0]}` is missing", ", ".join(keys))
    if missing:
        raise Invalid


def part(
    entry: Declared,
    key: Scalar,
    texts: Mapping[str, Any],
    kind: Kind,
    rule: Condition,
    reader: Reader,
) -> Segment:
    """Return the segment of one tier or branch."""
    name = str(key.value)
    if not NAME.fullmatch(name) or len(name) > MAX_NAME:
        expected = f"lower-case letters, digits, underscores, at most {MAX_NAME}"
        raise reader.fail(key, f"`{shown(name)}` cannot be a name", expected)
    was = f"{texts['was']}__{name}" if texts["was"] else None
    return Segment(
        name=f"{entry.key.value}__{name}",
        place=key.place,
        entity=reader.entity.name,
        **{**texts, "label": f"{texts['label']}: {name}", "was": was},
        kind=kind,
        rule=rule,
    )
