"""An audience: segments to be reached on a channel, and the tool that is to know them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kohorte.catalog import NAME
from kohorte.document import Node
from kohorte.errors import Invalid, Place, Problem, shown
from kohorte.moments import Period
from kohorte.reader import Reader
from kohorte.segments.files import Declared
from kohorte.segments.segment import Segment

CHANNELS = ("email", "sms", "push", "post")
#: What `to` must say for each tool, beside the tool.
TOOLS: Mapping[str, tuple[str, ...]] = {
    "file": ("name",),
    "ghost": ("label",),
    "klaviyo": ("list",),
    "listmonk": ("list",),
    "mailchimp": ("list", "segment"),
    "sendgrid": ("list",),
    "webhook": ("name",),
}
#: What `to` may say besides, with the values that it may have.
OPTIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "file": {"format": ("csv", "jsonl", "parquet")},
}
_TEXTS = ("label", "description", "owner")
KEYS = (
    *_TEXTS, "segments", "variant", "channel", "priority", "cap", "send", "to", "guard",
)  # fmt: skip
_NEEDED = ("segments", "channel", "to")
#: So many of an audience's members, of 1, may leave at once, unless its guard says another.
MAX_REMOVED = 0.2
#: Shares say little of a handful of people: below so many, the sync does not look at them.
MIN_HELD = 100
#: No number of people, messages or places is larger.
MAX_COUNT = 10**9


@dataclass(frozen=True)
class Cap:
    """At most so many messages of the channel within a period before as_of."""

    at_most: int
    within: Period


@dataclass(frozen=True)
class Guard:
    """What is normal for a change of an audience; None is the sync's default.

    The two shares (0 to 1) are of the members that the tool holds.
    """

    max_removed: Decimal | None = None
    max_added: Decimal | None = None
    min_members: int | None = None


@dataclass(frozen=True)
class Audience:
    """Whom a tool is to know, resolved."""

    name: str
    place: Place
    segments: tuple[str, ...]
    channel: str
    tool: str
    #: The other keys of `to`, with their values.
    target: tuple[tuple[str, str], ...]
    label: str = ""
    description: str = ""
    owner: str = ""
    #: Only members of this variant of the segments' split.
    variant: str | None = None
    #: Of the audiences of a channel that have one, each person is in the lowest only.
    priority: int | None = None
    cap: Cap | None = None
    send: tuple[str, ...] = ()
    guard: Guard = Guard()

    @property
    def target_text(self) -> str:
        """Return the target as JSON, its keys in order."""
        return json.dumps(dict(self.target), sort_keys=True, ensure_ascii=False)


def read_audience(entry: Declared, reader: Reader) -> Audience:
    """Read everything that an audience may say; what is wrong in one key hides no other."""
    parts = reader.fields(entry.node, optional=KEYS)
    read: dict[str, Any] = {"label": str(entry.key.value), "owner": entry.owner}
    for key, read_key in _READ.items():
        with reader.tolerant():
            if key in parts:
                read[key] = read_key(parts[key], reader)
    missing = [key for key in _NEEDED if key not in parts]
    if missing and not reader.problems:
        raise reader.fail(entry.key, f"`{missing[0]}` is missing", ", ".join(_NEEDED))
    if reader.problems:
        raise Invalid
    tool, target = read.pop("to")
    return Audience(str(entry.key.value), entry.key.place, tool=tool, target=target, **read)


def check_audience(
    audience: Audience, segments: Mapping[str, Segment], others: Iterable[Audience]
) -> Iterator[Problem]:
    """Yield what does not fit its segments, or another audience.

    A segment that is set aside is not among the segments, and fits.
    """
    variants = {
        name
        for segment in audience.segments
        if (split := segments[segment].split if segment in segments else None)
        for name, _ in split.variants
    }
    is_known = audience.segments and all(name in segments for name in audience.segments)
    if audience.variant and is_known and audience.variant not in variants:
        message = f"no split of its segments has the variant `{shown(audience.variant)}`"
        yield Problem(audience.place, message, ", ".join(sorted(variants)) or "a segment's split")
    for other in others:
        if (audience.tool, audience.target) == (other.tool, other.target):
            message = f"has the same target as `{other.name}`, declared at {other.place}"
            yield Problem(audience.place, message, "a target of its own")


def _text(node: Node, reader: Reader) -> str:
    return reader.text(node)


def _segments(node: Node, reader: Reader) -> tuple[str, ...]:
    """Read the names of segments of customers."""
    return tuple(dict.fromkeys(reader.segment(item) for item in reader.one_or_more(node)))


def _channel(node: Node, reader: Reader) -> str:
    """Read what the audience is written to on."""
    return _one_of("channel", CHANNELS, node, reader)


def _one_of(what: str, known: tuple[str, ...], node: Node, reader: Reader) -> str:
    text = reader.text(node)
    if text not in known:
        raise reader.fail(node, f"unknown {what} `{shown(text)}`", ", ".join(known), known, text)
    return text


def _variant(node: Node, reader: Reader) -> str:
    """Read the name of a variant; whoever is held out is in no audience."""
    text = reader.text(node)
    if not NAME.fullmatch(text) or text == "control":
        raise reader.fail(node, f"`{shown(text)}` is nobody to write to", "a variant but control")
    return text


def _priority(node: Node, reader: Reader) -> int:
    return reader.whole(node, 1, MAX_COUNT)


def _cap(node: Node, reader: Reader) -> Cap:
    """Read `{at_most: 2, within: 7 days}`."""
    parts = reader.fields(node, required=("at_most", "within"))
    at_most, period = reader.every(
        lambda: reader.whole(parts["at_most"], 1, MAX_COUNT),
        lambda: reader.period(parts["within"]),
    )
    return Cap(at_most, period)


def _send(node: Node, reader: Reader) -> tuple[str, ...]:
    """Read the columns whose values travel with each member."""
    known = reader.catalog.fields
    found = []
    for item in reader.one_or_more(node):
        name = reader.text(item)
        if name not in known:
            message = f"there is no `{shown(name)}` to send"
            raise reader.fail(
                item, message, "an attribute of customers, or one of their names or addresses",
                known, name,
            )  # fmt: skip
        if name in found:
            raise reader.fail(item, f"`{name}` stands here twice")
        found.append(name)
    return tuple(found)


def _to(node: Node, reader: Reader) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Read `{tool: ghost, label: VIPs going quiet}`."""
    mapping = reader.mapping(node, "tool, and what it calls the audience")
    tools = [value for key, value in mapping.entries if key.value == "tool"]
    if not tools:
        raise reader.fail(node, "`tool` is missing", ", ".join(TOOLS))
    tool = _one_of("tool", tuple(TOOLS), tools[0], reader)
    options = OPTIONS.get(tool, {})
    parts = reader.fields(node, required=("tool", *TOOLS[tool]), optional=tuple(options))
    needed = [(key, reader.text(parts[key])) for key in TOOLS[tool]]
    chosen = [
        (key, _one_of(key, known, parts[key], reader))
        for key, known in options.items()
        if key in parts
    ]
    return tool, (*needed, *chosen)


def _guard(node: Node, reader: Reader) -> Guard:
    """Read `{max_removed: 20%, max_added: 50%, min_members: 10}`."""
    parts = reader.fields(node, optional=("max_removed", "max_added", "min_members"))
    shares = {key: reader.share(parts[key]) for key in ("max_removed", "max_added") if key in parts}
    least = reader.whole(parts["min_members"], 0, MAX_COUNT) if "min_members" in parts else None
    return Guard(shares.get("max_removed"), shares.get("max_added"), least)


_READ: Mapping[str, Callable[[Node, Reader], Any]] = {
    **dict.fromkeys(_TEXTS, _text),
    "segments": _segments,
    "variant": _variant,
    "channel": _channel,
    "priority": _priority,
    "cap": _cap,
    "send": _send,
    "to": _to,
    "guard": _guard,
}
