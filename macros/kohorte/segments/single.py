"""A segment by itself: a rule, manual lists, a period, a limit, a split."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kohorte.catalog import NAME, Type
from kohorte.conditions import Condition, read_condition
from kohorte.conditions.active import read_active
from kohorte.conditions.manual_list import OnList
from kohorte.conditions.membership import InSegment, need_history
from kohorte.document import Node
from kohorte.errors import shown
from kohorte.reader import Reader
from kohorte.segments.entry import TEXT_KEYS, read_texts
from kohorte.segments.files import Declared
from kohorte.segments.segment import Expectation, Kind, Limit, Segment, Split

KEYS = (
    *TEXT_KEYS, "kind", "where", "include", "exclude", "active", "limit", "split", "expect",
)  # fmt: skip
#: The kinds that a spec may name.
WRITTEN_KINDS = (Kind.DYNAMIC, Kind.SNAPSHOT, Kind.MANUAL)


def read_segment(entry: Declared, parts: Mapping[str, Node], reader: Reader) -> list[Segment]:
    """Read everything that a segment may say; what is wrong in one key hides no other."""
    read: dict[str, Any] = read_texts(entry, parts, reader)
    for key, (name, read_key) in _READ.items():
        with reader.tolerant():
            if key in parts:
                read[name] = read_key(parts[key], reader)
    has_unknown_key = len(parts) < len(getattr(entry.node, "entries", ()))
    if not {"where", "include"} & parts.keys() and not has_unknown_key:
        message = f"`{entry.key.value}` says nobody"
        raise reader.fail(entry.key, message, "`where`, or `include`")
    if read.get("kind") is Kind.MANUAL and "where" in parts:
        raise reader.fail(parts["where"], "a manual segment has no `where`", "`include`")
    return [Segment(str(entry.key.value), entry.key.place, reader.entity.name, **read)]


def _kind(node: Node, reader: Reader) -> Kind:
    """Read where the members come from."""
    text = reader.text(node)
    if text not in WRITTEN_KINDS:
        message = f"unknown kind `{shown(text)}`"
        raise reader.fail(node, message, ", ".join(WRITTEN_KINDS), WRITTEN_KINDS, text)
    if text == Kind.SNAPSHOT:
        need_history(node, reader)
    return Kind(text)


def _include(node: Node, reader: Reader) -> tuple[Condition, ...]:
    """Read the names of lists."""
    return tuple(OnList(reader.list_name(item)) for item in reader.one_or_more(node))


def _exclude(node: Node, reader: Reader) -> tuple[Condition, ...]:
    """Read the names of segments and lists."""
    return tuple(_excluded(item, reader) for item in reader.one_or_more(node))


def _excluded(node: Node, reader: Reader) -> Condition:
    """Read the name of a segment or, if there is none, of a list."""
    name = reader.text(node)
    if name in reader.segments and name in reader.catalog.lists:
        message = f"`{name}` is both a segment and a list"
        raise reader.fail(node, message, "different names for the two")
    if name in reader.segments:
        return InSegment(name, is_negative=False)
    if name in reader.catalog.lists:
        return OnList(name)
    raise reader.fail(
        node, f"there is no segment or list `{shown(name)}`", "a segment or a list",
        [*reader.segments, *reader.catalog.lists], name,
    )  # fmt: skip


def _expectation(node: Node, reader: Reader) -> Expectation:
    """Read `{members: {min: 50, max: 500}, change: {max: 30%}}`."""
    parts = reader.fields(node, optional=("members", "change"))
    low = high = change = None
    if "members" in parts:
        members = reader.fields(parts["members"], optional=("min", "max"))
        low, high = (
            reader.whole(members[key], 0, 10**12) if key in members else None
            for key in ("min", "max")
        )
    if low is not None and high is not None and low > high:
        raise reader.fail(parts["members"], f"{low} is more than {high}", "min below max")
    if "change" in parts:
        bounds = reader.fields(parts["change"], required=("max",))
        change = reader.share(bounds["max"])
    return Expectation(low, high, change)


def _limit(node: Node, reader: Reader) -> Limit:
    """Read `{top: 5000, by: revenue, per: country}`."""
    parts = reader.fields(node, required=("top", "by"), optional=("per",))
    by = reader.column_named(parts["by"])
    if by.type not in (Type.NUMBER, Type.DATE, Type.TIMESTAMP):
        message = f"{by.name} is a {by.type}"
        raise reader.fail(parts["by"], message, "a number, a date or a timestamp")
    return Limit(*reader.amount_or_share(parts["top"]), by.name, reader.option_per(parts))


def _split(node: Node, reader: Reader) -> Split:
    """Read `{seed: spring, variants: {control: 10, a: 90}}`."""
    parts = reader.fields(node, required=("seed", "variants"))
    variants = []
    for key, value in reader.mapping(parts["variants"], "variants").entries:
        name = str(key.value)
        if not NAME.fullmatch(name):
            expected = "lower-case letters, digits, underscores"
            raise reader.fail(key, f"`{shown(name)}` cannot be a name", expected)
        variants.append((name, reader.number(value)))
    total = sum(share for _, share in variants)
    if total != 100 or min(share for _, share in variants) < 0:
        message = f"the variants add up to {total}"
        raise reader.fail(parts["variants"], message, "100 percent, none below 0")
    return Split(reader.text(parts["seed"]), tuple(variants))


#: The keys that a function of their own reads, and what it is called in a segment.
_READ: Mapping[str, tuple[str, Callable[[Node, Reader], Any]]] = {
    "kind": ("kind", _kind),
    "where": ("rule", read_condition),
    "include": ("include", _include),
    "exclude": ("exclude", _exclude),
    "active": ("active", read_active),
    "limit": ("limit", _limit),
    "split": ("split", _split),
    "expect": ("expect", _expectation),
}
