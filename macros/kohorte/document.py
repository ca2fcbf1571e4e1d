"""Read YAML into a tree that knows where everything stands.

The parser reads a subset on purpose: no anchors, aliases or tags (so that no file can
blow up in memory), one document, plain scalars by the core schema of YAML 1.2 (so that
`on` and `no` are words), numbers as exact decimals.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from stat import S_ISREG
from typing import Any, TypeAlias

import yaml

from kohorte.errors import Place, Problem, SpecErrors, shown

#: A spec is written by hand: 1,000 segments are about 0.5 MB.
MAX_BYTES = 4_000_000
#: Deeper nesting than this is not something a person reads.
MAX_DEPTH = 60
#: More digits than a database number holds.
MAX_DIGITS = 30

_INTEGER = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,2})?")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

Value: TypeAlias = str | int | Decimal | bool | None
Node: TypeAlias = "Scalar | Sequence | Mapping"


@dataclass(frozen=True)
class Scalar:
    """A single value."""

    place: Place
    value: Value


@dataclass(frozen=True)
class Sequence:
    """A list."""

    place: Place
    items: tuple[Node, ...]


@dataclass(frozen=True)
class Mapping:
    """Keys and values, in the order of the file; no key twice."""

    place: Place
    entries: tuple[tuple[Scalar, Node], ...]

    def names(self) -> list[str]:
        """Return the keys as text."""
        return [str(key.value) for key, _ in self.entries]

    def get(self, name: str) -> Node | None:
        """Return the value of a key, or nothing."""
        return next((node for key, node in self.entries if key.value == name), None)

    def key(self, name: str) -> Scalar:
        """Return the key itself, for its place."""
        return next(key for key, _ in self.entries if key.value == name)


def read_document(path: Path, shown_as: str) -> Node | None:
    """Return the tree of one file, nothing for an empty one.

    Raises SpecErrors with the place of every mistake that the parser can see.
    """
    status = path.stat()
    if not S_ISREG(status.st_mode):
        raise _error(Place(shown_as), "not a file", "a text file with specs")
    if status.st_size > MAX_BYTES:
        raise _error(Place(shown_as), f"the file is larger than {MAX_BYTES:,} bytes")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _error(Place(shown_as), f"not UTF-8 text (byte {error.start})") from None
    return read_text(text, shown_as)


def read_text(text: str, shown_as: str) -> Node | None:
    """Return the tree of a text; `shown_as` names it in messages."""
    return _Parser(text, shown_as).document()


def _error(place: Place, message: str, expected: str = "") -> SpecErrors:
    return SpecErrors([Problem(place, message, expected)])


class _Parser:
    """Turns the YAML library's events into nodes, with a limit to everything."""

    def __init__(self, text: str, shown_as: str) -> None:
        self._lines = text.splitlines()
        self._shown_as = shown_as
        self._problems: list[Problem] = []
        self._events = iter(yaml.parse(text, Loader=yaml.CSafeLoader))

    def document(self) -> Node | None:
        """Read the one document of the text."""
        node: Node | None = None
        try:
            for event in self._events:
                if isinstance(event, yaml.DocumentStartEvent):
                    if node is not None:
                        raise _error(self._place(event.start_mark), "a second document")
                    node = self._node(next(self._events), 0)
        except yaml.MarkedYAMLError as error:
            message = " ".join(filter(None, (error.problem, error.context)))
            mark = error.problem_mark or error.context_mark
            place = self._place(mark) if mark else Place(self._shown_as)
            raise _error(place, f"not YAML: {message}") from None
        except yaml.YAMLError:
            place = Place(self._shown_as)
            raise _error(place, "not YAML: a character that YAML does not admit") from None
        if self._problems:
            raise SpecErrors(self._problems)
        if isinstance(node, Scalar) and node.value is None:
            return None
        return node

    def _place(self, mark: Any) -> Place:
        line = self._lines[mark.line] if mark.line < len(self._lines) else ""
        return Place(self._shown_as, mark.line + 1, mark.column + 1, line)

    def _node(self, event: Any, depth: int) -> Node:
        place = self._place(event.start_mark)
        if depth > MAX_DEPTH:
            raise _error(place, f"nested more than {MAX_DEPTH} deep")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _error(place, "anchors and aliases are not part of the language")
        if getattr(event, "tag", None) not in (None, "!"):
            raise _error(place, f"a tag ({shown(event.tag)}) is not part of the language")
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(place, self._value(event, place))
        if isinstance(event, yaml.SequenceStartEvent):
            return Sequence(place, self._items(depth))
        return self._mapping(place, depth)

    def _items(self, depth: int) -> tuple[Node, ...]:
        items = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return tuple(items)

    def _mapping(self, place: Place, depth: int) -> Mapping:
        entries: dict[str, tuple[Scalar, Node]] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            value = self._node(next(self._events), depth + 1)
            name = str(key.value)
            if name in entries:
                first = entries[name][0].place
                message = f"`{shown(name)}` stands here twice (first in line {first.line})"
                self._problems.append(Problem(key.place, message))
            entries[name] = (key, value)
        return Mapping(place, tuple(entries.values()))

    def _key(self, event: yaml.Event) -> Scalar:
        place = self._place(event.start_mark)
        if not isinstance(event, yaml.ScalarEvent) or event.anchor or event.tag:
            raise _error(place, "a key must be a plain word")
        return Scalar(place, event.value)

    def _value(self, event: yaml.ScalarEvent, place: Place) -> Value:
        text: str = event.value
        if event.style:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if not _DECIMAL.fullmatch(text[: MAX_DIGITS + 10]):
            return text
        if len(text) > MAX_DIGITS:
            message = f"a number of more than {MAX_DIGITS} digits; quote it if it is a text"
            self._problems.append(Problem(place, message))
        elif _INTEGER.fullmatch(text):
            return int(text)
        return Decimal(text)
