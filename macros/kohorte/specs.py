"""Read all spec files into segments that are resolved against the catalog."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

from kohorte.catalog import NAME, Activity, Catalog, Column
from kohorte.conditions import Condition, read_condition
from kohorte.conditions.groups import Group
from kohorte.conditions.manual_list import OnList
from kohorte.conditions.membership import InSegment
from kohorte.document import Mapping as MappingNode
from kohorte.document import Node, Scalar, Sequence, read_document
from kohorte.errors import Place, Problem, SpecErrors, shown
from kohorte.reader import Reader

SECTIONS = ("segments",)
_FILE_KEYS = ("version", "owner", *SECTIONS)
_SEGMENT_KEYS = (
    "label", "description", "owner", "tags", "entity", "kind", "where",
    "include", "exclude", "expect",
)  # fmt: skip
#: A segment's name is a column's name with a prefix, and so must be shorter.
MAX_NAME = 48
DEFAULT_ENTITY = "customer"


class Kind(StrEnum):
    """Where a segment's members come from."""

    DYNAMIC = "dynamic"
    MANUAL = "manual"


@dataclass(frozen=True)
class Expectation:
    """What is normal for a segment; bounds that are not said are nothing."""

    min_members: int | None = None
    max_members: int | None = None
    max_change: Decimal | None = None


@dataclass(frozen=True)
class Segment:
    """Who belongs, resolved: nothing in it is a name that may not exist."""

    name: str
    place: Place
    entity: str
    label: str = ""
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()
    kind: Kind = Kind.DYNAMIC
    rule: Condition | None = None
    include: tuple[Condition, ...] = ()
    exclude: tuple[Condition, ...] = ()
    expect: Expectation = field(default_factory=Expectation)

    @property
    def condition(self) -> Condition:
        """Return rule, include and exclude as one: exclude beats include beats rule."""
        inside = tuple(filter(None, (self.rule, *self.include)))
        condition = inside[0] if len(inside) == 1 else Group("any", inside)
        if not self.exclude:
            return condition
        return Group("all", (condition, Group("none", self.exclude)))

    def uses(self) -> list[str]:
        """Return the segments that this one is made of, each once."""
        return list(dict.fromkeys(self.condition.segments()))

    def words(self) -> str:
        """Return the definition in words."""
        return self.condition.words()


@dataclass(frozen=True)
class Specs:
    """All segments, each after those that it uses, with their definition hashes."""

    segments: tuple[Segment, ...]
    hashes: Mapping[str, str]


@dataclass(frozen=True)
class _Declared:
    """A segment as a file declares it, not yet read."""

    key: Scalar
    node: Node
    owner: str


def spec_files(folder: Path) -> list[Path]:
    """Return the spec files of a folder and those below, in a stable order."""
    found = [*folder.rglob("*.yml"), *folder.rglob("*.yaml")]
    return sorted(path for path in found if path.is_file())


def read_specs(folder: Path, catalog: Catalog) -> Specs:
    """Read every spec below a folder.

    Raises SpecErrors with every mistake of every file.
    """
    problems: list[Problem] = []
    documents = list(_documents(folder, problems))
    declared = _declared(documents, problems)
    segments = [
        segment
        for name, entry in declared.items()
        if (segment := _segment(name, entry, catalog, declared, problems))
    ]
    if not problems:
        segments = _in_order(segments, problems)
    if problems:
        raise SpecErrors(problems)
    hashes: dict[str, str] = {}
    for segment in segments:
        hashes[segment.name] = definition_hash(segment, hashes)
    return Specs(tuple(segments), hashes)


def _documents(folder: Path, problems: list[Problem]) -> Iterator[MappingNode]:
    """Yield the tree of each file that can be read."""
    for path in spec_files(folder):
        shown_as = str(path.relative_to(folder.parent))
        try:
            node = read_document(path, shown_as)
        except SpecErrors as error:
            problems += error.problems
            continue
        except OSError as error:
            problems.append(Problem(Place(shown_as), f"cannot be read: {error.strerror}"))
            continue
        if isinstance(node, MappingNode):
            yield node
        elif node is not None:
            problems.append(Problem(node.place, "not a spec", ", ".join(_FILE_KEYS)))


def _declared(documents: Iterable[MappingNode], problems: list[Problem]) -> dict[str, _Declared]:
    """Return every declared segment by name; the same name twice is a mistake."""
    found: dict[str, _Declared] = {}
    for document in documents:
        reader = _file_reader(problems)
        with reader.tolerant():
            parts = reader.fields(document, required=("version",), optional=_FILE_KEYS[1:])
            if getattr(parts["version"], "value", None) != 1:
                raise reader.fail(parts["version"], "an unknown version", "version: 1")
            owner = reader.text(parts["owner"]) if "owner" in parts else ""
            for section in SECTIONS:
                if section in parts:
                    for key, node in reader.mapping(parts[section], "a name").entries:
                        _declare(found, _Declared(key, node, owner), reader)
    return found


def _declare(found: dict[str, _Declared], entry: _Declared, reader: Reader) -> None:
    name = str(entry.key.value)
    if not NAME.fullmatch(name) or "__" in name or len(name) > MAX_NAME:
        expected = f"lower-case letters, digits, single underscores, at most {MAX_NAME}"
        reader.fail(entry.key, f"`{shown(name)}` cannot be a name", expected)
    elif name in found:
        first = found[name].key.place
        reader.fail(entry.key, f"`{name}` is declared at {first} already", "another name")
    else:
        found[name] = entry


def _file_reader(problems: list[Problem]) -> Reader:
    """Return a reader for what stands outside of segments."""
    from kohorte.catalog import Entity

    return Reader(Catalog(), Entity("", "", "", {}), {}, frozenset(), problems)


def _segment(
    name: str,
    entry: _Declared,
    catalog: Catalog,
    declared: Mapping[str, _Declared],
    problems: list[Problem],
) -> Segment | None:
    """Read one segment; nothing if it holds mistakes, which are recorded."""
    before = len(problems)
    reader = _file_reader(problems)
    with reader.tolerant():
        parts = reader.fields(entry.node, optional=_SEGMENT_KEYS)
        entity_name = reader.text(parts["entity"]) if "entity" in parts else DEFAULT_ENTITY
        if entity_name not in catalog.entities:
            node = parts.get("entity", entry.key)
            message = f"there is no entity `{shown(entity_name)}`"
            known = catalog.entities
            raise reader.fail(node, message, ", ".join(known), known, entity_name)
        entity = catalog.entities[entity_name]
        reader = Reader(catalog, entity, entity.attributes, declared.keys(), problems)
        segment = _read_segment(name, entry, parts, reader)
        return segment if len(problems) == before else None
    return None


def _read_segment(
    name: str, entry: _Declared, parts: Mapping[str, Node], reader: Reader
) -> Segment:
    texts = {"label": name, "description": "", "owner": entry.owner}
    tags: tuple[str, ...] = ()
    kind, expect = Kind.DYNAMIC, Expectation()
    rule: Condition | None = None
    include: tuple[Condition, ...] = ()
    exclude: tuple[Condition, ...] = ()
    has_unknown_key = len(parts) < len(getattr(entry.node, "entries", ()))
    for key in texts.keys() & parts.keys():
        with reader.tolerant():
            texts[key] = reader.text(parts[key])
    with reader.tolerant():
        tags = tuple(reader.text(node) for node in _list(parts, "tags", reader))
    with reader.tolerant():
        kind = _kind(parts, reader)
    with reader.tolerant():
        rule = read_condition(parts["where"], reader) if "where" in parts else None
    with reader.tolerant():
        include = tuple(OnList(reader.list_name(n)) for n in _list(parts, "include", reader))
    with reader.tolerant():
        exclude = tuple(_excluded(n, reader) for n in _list(parts, "exclude", reader))
    with reader.tolerant():
        expect = _expectation(parts["expect"], reader) if "expect" in parts else expect
    if not {"where", "include"} & parts.keys() and not has_unknown_key:
        raise reader.fail(entry.key, f"`{name}` says nobody", "`where`, or `include`")
    if (kind is Kind.MANUAL) and "where" in parts:
        raise reader.fail(parts["where"], "a manual segment has no `where`", "`include`")
    return Segment(
        name=name,
        place=entry.key.place,
        entity=reader.entity.name,
        **texts,
        tags=tags,
        kind=kind,
        rule=rule,
        include=include,
        exclude=exclude,
        expect=expect,
    )


def _list(parts: Mapping[str, Node], key: str, reader: Reader) -> tuple[Node, ...]:
    """Return the items of an optional list; a single value is a list of one."""
    if key not in parts:
        return ()
    node = parts[key]
    return reader.items(node) if isinstance(node, Sequence) else (node,)


def _kind(parts: Mapping[str, Node], reader: Reader) -> Kind:
    if "kind" not in parts:
        return Kind.DYNAMIC
    text = reader.text(parts["kind"])
    if text not in list(Kind):
        message = f"unknown kind `{shown(text)}`"
        raise reader.fail(parts["kind"], message, ", ".join(Kind), list(Kind), text)
    return Kind(text)


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
    if "change" in parts:
        bounds = reader.fields(parts["change"], required=("max",))
        amount, is_share = reader.amount_or_share(bounds["max"])
        if not is_share:
            raise reader.fail(bounds["max"], "a change is a share", "such as 30%")
        change = Decimal(amount) / 100
    return Expectation(low, high, change)


def _in_order(segments: list[Segment], problems: list[Problem]) -> list[Segment]:
    """Return the segments, each after those that it uses; a cycle is a mistake."""
    by_name = {segment.name: segment for segment in segments}
    ordered: dict[str, Segment] = {}
    for segment in segments:
        path: list[str] = []
        pending: list[tuple[str, Iterator[str]]] = []
        _enter(segment.name, by_name, ordered, path, pending)
        while pending:
            used = next(pending[-1][1], None)
            if used is None:
                name, _ = pending.pop()
                path.pop()
                ordered[name] = by_name[name]
            elif used in path:
                cycle = [*path[path.index(used) :], used]
                message = f"a circle of segments: {' > '.join(cycle)}"
                problems.append(Problem(by_name[used].place, message, "no way back"))
                return segments
            else:
                _enter(used, by_name, ordered, path, pending)
    return list(ordered.values())


def _enter(
    name: str,
    by_name: Mapping[str, Segment],
    ordered: Mapping[str, Segment],
    path: list[str],
    pending: list[tuple[str, Iterator[str]]],
) -> None:
    if name not in ordered:
        path.append(name)
        pending.append((name, iter(by_name[name].uses())))


def definition_hash(segment: Segment, hashes: Mapping[str, str]) -> str:
    """Return 16 hex digits over what decides membership, used segments resolved."""
    decisive = [segment.entity, segment.kind, _canonical(segment.condition, hashes)]
    text = json.dumps(decisive, ensure_ascii=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:16]


def _canonical(value: Any, hashes: Mapping[str, str]) -> Any:
    """Return a value as lists and texts that say the same in every run."""
    if isinstance(value, InSegment):
        return ["InSegment", hashes[value.segment], value.is_negative]
    if isinstance(value, Column | Activity):
        return value.name
    if is_dataclass(value):
        parts = [_canonical(getattr(value, part.name), hashes) for part in fields(value)]
        return [type(value).__name__, *parts]
    if isinstance(value, tuple):
        return [_canonical(item, hashes) for item in value]
    return value if isinstance(value, bool | int | str | None) else str(value)
