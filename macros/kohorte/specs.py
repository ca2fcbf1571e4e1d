"""Read all spec files into segments that are resolved against the catalog."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

from kohorte.catalog import NAME, Activity, Catalog, Column, Entity, Type
from kohorte.column_test import ColumnTest
from kohorte.conditions import Condition, read_condition
from kohorte.conditions.active import Active, read_active
from kohorte.conditions.attribute import AttributeTest
from kohorte.conditions.groups import Group
from kohorte.conditions.manual_list import OnList
from kohorte.conditions.membership import InSegment
from kohorte.document import Mapping as MappingNode
from kohorte.document import Node, Scalar, Sequence, read_document
from kohorte.errors import Place, Problem, SpecErrors, shown
from kohorte.predicates import Predicate
from kohorte.predicates.comparison import Comparison
from kohorte.reader import Reader

SECTIONS = ("segments", "ladders", "waterfalls")
_FILE_KEYS = ("version", "owner", *SECTIONS)
_SEGMENT_KEYS = (
    "label", "description", "owner", "tags", "entity", "kind", "where",
    "include", "exclude", "active", "limit", "split", "expect",
)  # fmt: skip
#: A segment's name is a column's name with a prefix, and so must be shorter.
MAX_NAME = 48
DEFAULT_ENTITY = "customer"
SUFFIXES = (".yml", ".yaml")


class Kind(StrEnum):
    """Where a segment's members come from."""

    DYNAMIC = "dynamic"
    MANUAL = "manual"
    TIER = "tier"
    BRANCH = "branch"


#: The kinds that a spec may name.
_WRITTEN_KINDS = (Kind.DYNAMIC, Kind.MANUAL)


@dataclass(frozen=True)
class Limit:
    """Only the members with the highest values, in all or in each group."""

    amount: int | Decimal
    is_share: bool
    by: str
    per: str | None

    def words(self) -> str:
        """Say `at most the top 5000 by revenue of each country`."""
        amount = f"{self.amount}%" if self.is_share else f"{self.amount}"
        return f"at most the top {amount} by {self.by}{f' of each {self.per}' if self.per else ''}"


@dataclass(frozen=True)
class Split:
    """Variants that a member falls into by seed and key; percentages add up to 100."""

    seed: str
    variants: tuple[tuple[str, int | Decimal], ...]


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
    active: Active | None = None
    limit: Limit | None = None
    split: Split | None = None
    expect: Expectation = field(default_factory=Expectation)

    @property
    def condition(self) -> Condition:
        """Return rule, include, exclude and active as one; a limit comes after it.

        Exclude beats include beats rule.
        """
        inside = tuple(filter(None, (self.rule, *self.include)))
        condition = inside[0] if len(inside) == 1 else Group("any", inside)
        parts = (condition, self.active, Group("none", self.exclude) if self.exclude else None)
        whole = tuple(filter(None, parts))
        return whole[0] if len(whole) == 1 else Group("all", whole)

    def uses(self) -> list[str]:
        """Return the segments that this one is made of, each once."""
        return list(dict.fromkeys(self.condition.segments()))

    def words(self) -> str:
        """Return the definition in words."""
        limit = f"; {self.limit.words()}" if self.limit else ""
        return self.condition.words() + limit


@dataclass(frozen=True)
class Specs:
    """All segments, each after those that it uses, with their definition hashes."""

    segments: tuple[Segment, ...]
    hashes: Mapping[str, str]


@dataclass(frozen=True)
class _Declared:
    """A segment, ladder or waterfall as a file declares it, not yet read."""

    section: str
    key: Scalar
    node: Node
    owner: str

    def names(self) -> list[str]:
        """Return the segments that it declares: itself, its tiers or its branches."""
        name = str(self.key.value)
        inner = {"ladders": "tiers", "waterfalls": "first_match"}.get(self.section)
        if inner is None:
            return [name]
        node = self.node.get(inner) if isinstance(self.node, MappingNode) else None
        if isinstance(node, MappingNode):
            return [f"{name}__{key}" for key in node.names()]
        items = node.items if isinstance(node, Sequence) else ()
        return [f"{name}__{item.value}" for item in items if isinstance(item, Scalar)]


def spec_files(folder: Path) -> list[Path]:
    """Return the spec files of a folder and those below, in a stable order."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)


def read_specs(folder: Path, catalog: Catalog) -> Specs:
    """Read every spec below a folder.

    Raises SpecErrors with every mistake of every file.
    """
    problems: list[Problem] = []
    documents = list(_documents(folder, problems))
    declared = _declared(documents, problems)
    names = frozenset(name for entry in declared.values() for name in entry.names())
    segments = [
        segment
        for entry in declared.values()
        for segment in _segments(entry, catalog, names, problems)
    ]
    if not problems:
        segments = _in_order(segments, problems)
    if problems:
        raise SpecErrors(problems)
    hashes: dict[str, str] = {}
    for segment in segments:
        hashes[segment.name] = definition_hash(segment, hashes)
    return Specs(tuple(segments), hashes)


def declared_names(folder: Path) -> list[str]:
    """Return every name that a spec declares, also where specs hold mistakes."""
    problems: list[Problem] = []
    declared = _declared(_documents(folder, problems), problems).values()
    names = {name for entry in declared for name in entry.names()}
    return sorted(name for name in names if NAME.fullmatch(name))


def _documents(folder: Path, problems: list[Problem]) -> Iterator[MappingNode]:
    """Yield the tree of each file that can be read."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() and path.is_dir():
            place = Place(str(path.relative_to(folder.parent)))
            problems.append(Problem(place, "a link to a folder, which is not followed"))
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
            version = getattr(parts["version"], "value", None)
            if version is True or version != 1:
                raise reader.fail(parts["version"], "an unknown version", "version: 1")
            owner = reader.text(parts["owner"]) if "owner" in parts else ""
            for section in SECTIONS:
                if section in parts:
                    for key, node in reader.mapping(parts[section], "a name").entries:
                        _declare(found, _Declared(section, key, node, owner), reader)
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
    return Reader(Catalog(), Entity("", "", "", {}), {}, frozenset(), problems)


def _segments(
    entry: _Declared, catalog: Catalog, names: frozenset[str], problems: list[Problem]
) -> list[Segment]:
    """Read what one entry declares; nothing if it holds mistakes, which are recorded."""
    known, read = {
        "segments": (_SEGMENT_KEYS, _read_segment),
        "ladders": (LADDER_KEYS, read_ladder),
        "waterfalls": (WATERFALL_KEYS, read_waterfall),
    }[entry.section]
    before = len(problems)
    reader = _file_reader(problems)
    with reader.tolerant():
        parts = reader.fields(entry.node, optional=known)
        reader = _entity_reader(entry, parts, catalog, names, reader)
        segments = read(entry, parts, reader)
        return segments if len(problems) == before else []
    return []


def _entity_reader(
    entry: _Declared,
    parts: Mapping[str, Node],
    catalog: Catalog,
    names: frozenset[str],
    reader: Reader,
) -> Reader:
    """Return a reader that has the attributes of the entry's entity in view."""
    name = reader.text(parts["entity"]) if "entity" in parts else DEFAULT_ENTITY
    if name not in catalog.entities:
        node = parts.get("entity", entry.key)
        message = f"there is no entity `{shown(name)}`"
        raise reader.fail(node, message, ", ".join(catalog.entities), catalog.entities, name)
    entity = catalog.entities[name]
    return Reader(catalog, entity, entity.attributes, names, reader.problems)


def _read_texts(entry: _Declared, parts: Mapping[str, Node], reader: Reader) -> dict[str, Any]:
    """Read label, description, owner and tags."""
    texts: dict[str, Any] = {
        "label": str(entry.key.value), "description": "", "owner": entry.owner, "tags": (),
    }  # fmt: skip
    for key in texts.keys() & parts.keys() - {"tags"}:
        with reader.tolerant():
            texts[key] = reader.text(parts[key])
    with reader.tolerant():
        texts["tags"] = tuple(reader.text(node) for node in _list(parts, "tags", reader))
    return texts


def _read_segment(entry: _Declared, parts: Mapping[str, Node], reader: Reader) -> list[Segment]:
    name = str(entry.key.value)
    texts = _read_texts(entry, parts, reader)
    kind = Kind.DYNAMIC
    optional: dict[str, Any] = {}
    rule: Condition | None = None
    include: tuple[Condition, ...] = ()
    exclude: tuple[Condition, ...] = ()
    has_unknown_key = len(parts) < len(getattr(entry.node, "entries", ()))
    with reader.tolerant():
        kind = _kind(parts, reader)
    with reader.tolerant():
        rule = read_condition(parts["where"], reader) if "where" in parts else None
    with reader.tolerant():
        include = tuple(OnList(reader.list_name(n)) for n in _list(parts, "include", reader))
    with reader.tolerant():
        exclude = tuple(_excluded(n, reader) for n in _list(parts, "exclude", reader))
    for key, read in _OPTIONAL.items():
        with reader.tolerant():
            if key in parts:
                optional[key] = read(parts[key], reader)
    if not {"where", "include"} & parts.keys() and not has_unknown_key:
        raise reader.fail(entry.key, f"`{name}` says nobody", "`where`, or `include`")
    if kind is Kind.MANUAL and "where" in parts:
        raise reader.fail(parts["where"], "a manual segment has no `where`", "`include`")
    segment = Segment(
        name=name,
        place=entry.key.place,
        entity=reader.entity.name,
        **texts,
        kind=kind,
        rule=rule,
        include=include,
        exclude=exclude,
        **optional,
    )
    return [segment]


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
    if text not in _WRITTEN_KINDS:
        message = f"unknown kind `{shown(text)}`"
        known = ", ".join(_WRITTEN_KINDS)
        raise reader.fail(parts["kind"], message, known, _WRITTEN_KINDS, text)
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
    if low is not None and high is not None and low > high:
        raise reader.fail(parts["members"], f"{low} is more than {high}", "min below max")
    if "change" in parts:
        bounds = reader.fields(parts["change"], required=("max",))
        amount, is_share = reader.amount_or_share(bounds["max"])
        if not is_share:
            raise reader.fail(bounds["max"], "a change is a share", "such as 30%")
        change = Decimal(amount) / 100
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


#: The keys of a segment that a function of their own reads.
_OPTIONAL: Mapping[str, Callable[[Node, Reader], Any]] = {
    "active": read_active,
    "limit": _limit,
    "split": _split,
    "expect": _expectation,
}

LADDER_KEYS = ("label", "description", "owner", "tags", "entity", "by", "tiers")
WATERFALL_KEYS = ("label", "description", "owner", "tags", "entity", "first_match")


def read_ladder(entry: _Declared, parts: Mapping[str, Node], reader: Reader) -> list[Segment]:
    """Read `{by: spend, tiers: {bronze: 500, gold: 1000}}` as one segment a tier.

    A customer is in the highest tier whose threshold the number reaches.
    """
    reader.fields(entry.node, required=("by", "tiers"), optional=LADDER_KEYS)
    texts = _read_texts(entry, parts, reader)
    column = reader.column_named(parts["by"])
    if column.type is not Type.NUMBER:
        raise reader.fail(parts["by"], f"{column.name} is a {column.type}", "a number")
    tiers = [
        (key, reader.number(value))
        for key, value in reader.mapping(parts["tiers"], "tiers").entries
    ]
    tiers.sort(key=lambda tier: tier[1])
    segments = []
    for position, (key, threshold) in enumerate(tiers):
        tests: list[Predicate] = [Comparison("gte", threshold)]
        if position + 1 < len(tiers):
            above = tiers[position + 1]
            if above[1] == threshold:
                raise reader.fail(above[0], f"two tiers begin at {threshold}")
            tests.append(Comparison("lt", above[1]))
        rule = AttributeTest(ColumnTest(column, tuple(tests)))
        segments.append(_part(entry, key, texts, Kind.TIER, rule, reader))
    return segments


def read_waterfall(entry: _Declared, parts: Mapping[str, Node], reader: Reader) -> list[Segment]:
    """Read `{first_match: [a, b, c]}` as one segment a branch.

    A customer is in the branch of the first segment that fits, and in no other.
    """
    fields = reader.fields(entry.node, required=("first_match",), optional=WATERFALL_KEYS)
    texts = _read_texts(entry, parts, reader)
    segments: list[Segment] = []
    before: list[Condition] = []
    for item in reader.items(fields["first_match"]):
        used = InSegment(reader.segment(item), is_negative=False)
        if used in before:
            raise reader.fail(item, f"`{used.segment}` stands here twice")
        rule = Group("all", (used, Group("none", tuple(before)))) if before else used
        key = Scalar(item.place, used.segment)
        segments.append(_part(entry, key, texts, Kind.BRANCH, rule, reader))
        before.append(used)
    return segments


def _part(
    entry: _Declared,
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
    return Segment(
        name=f"{entry.key.value}__{name}",
        place=key.place,
        entity=reader.entity.name,
        **{**texts, "label": f"{texts['label']}: {name}"},
        kind=kind,
        rule=rule,
    )


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
    decisive = [
        segment.entity, segment.kind, _canonical(segment.condition, hashes),
        _canonical(segment.limit, hashes), _canonical(segment.split, hashes),
    ]  # fmt: skip
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
