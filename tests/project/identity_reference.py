"""Who is who, worked out in plain Python from the rules in docs/identity.md."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

#: Strongest first.
KINDS = ("account", "email", "loyalty_card", "phone", "anonymous")
MOVING = ("phone", "anonymous")
LIMITS = {"account": 100, "email": 5, "loyalty_card": 3, "phone": 3, "anonymous": 2}
PAUSE = timedelta(days=90)

Identifier = tuple[str, str]
Node = tuple[Identifier, int]
Sighting = tuple[Identifier, Identifier | None, str]


@dataclass(frozen=True)
class Row:
    """What one row of a canonical table tells."""

    table: str
    at: datetime | None
    identifiers: Mapping[str, str]

    @property
    def strongest_first(self) -> list[Identifier]:
        return [(kind, self.identifiers[kind]) for kind in KINDS if kind in self.identifiers]


@dataclass(frozen=True)
class Holding:
    """An identifier in the hands of one person."""

    kind: str
    identifier: str
    held_from: datetime | None
    held_until: datetime | None
    customer_id: str


class Span:
    """The first and the last time of something; unknown times do not count."""

    def __init__(self) -> None:
        self.first: datetime | None = None
        self.last: datetime | None = None

    def add(self, at: datetime | None) -> None:
        if at is not None:
            self.first = min(self.first or at, at)
            self.last = max(self.last or at, at)


class Forest:
    """Union-find over anything hashable."""

    def __init__(self) -> None:
        self.parents: dict[Node, Node] = {}

    def find(self, node: Node) -> Node:
        self.parents.setdefault(node, node)
        while self.parents[node] != node:
            node = self.parents[node]
        return node

    def join(self, one: Node, other: Node) -> None:
        self.parents[self.find(one)] = self.find(other)


def who_is_who(rows: Iterable[Row]) -> list[Holding]:
    """Return every identifier of a person with whose it was, and when."""
    sightings = _sightings(list(rows))
    moves = _moves(sightings)
    forest = Forest()
    spans: dict[Node, Span] = defaultdict(Span)
    alone: set[Node] = set()
    for (identifier, beside, _), (span, is_shared) in sightings.items():
        if is_shared and identifier[0] != "account":
            continue
        node = _node(identifier, span.first, moves)
        forest.find(node)
        spans[node].add(span.first)
        if beside and not is_shared:
            forest.join(node, _node(beside, span.first, moves))
        else:
            alone.add(node)
    people = _people(forest, spans, alone)
    return list(_holdings(forest, moves, people))


def customer_of(row: Row, holdings: Mapping[Identifier, list[Holding]]) -> str | None:
    """Return whose row it is: that of whoever held its strongest identifier then."""
    assert row.at is not None
    for identifier in row.strongest_first:
        for holding in holdings.get(identifier, []):
            starts = holding.held_from is None or holding.held_from <= row.at
            if starts and (holding.held_until is None or row.at < holding.held_until):
                return holding.customer_id
    return None


def own_id(identifier: Identifier) -> str:
    """Return the customer_id that an identifier gives."""
    kind, name = identifier
    if kind == "account":
        return name
    return "guest:" + hashlib.md5(f"{kind}:{name}".encode()).hexdigest()[:16]


def _sightings(rows: list[Row]) -> dict[Sighting, tuple[Span, bool]]:
    others: dict[Identifier, set[Identifier]] = defaultdict(set)
    for row in rows:
        for identifier in row.strongest_first:
            beside = [o for o in row.strongest_first if o != identifier and o[0] != "anonymous"]
            others[identifier].update(beside[:1])
    shared = {
        identifier for identifier, some in others.items() if len(some) > LIMITS[identifier[0]]
    }
    found: dict[Sighting, tuple[Span, bool]] = {}
    for row in rows:
        names = row.strongest_first
        strongest = next((name for name in names if name not in shared), names[0])
        for name in names:
            key = (name, None if name == strongest else strongest, row.table)
            span, _ = found.setdefault(key, (Span(), name in shared))
            span.add(row.at)
    return found


def _moves(sightings: Mapping[Sighting, tuple[Span, bool]]) -> dict[Identifier, list[datetime]]:
    """Return the instants at which identifiers passed on."""
    held: dict[Identifier, dict[Identifier, Span]] = defaultdict(lambda: defaultdict(Span))
    whole: dict[Identifier, Span] = defaultdict(Span)
    for (identifier, beside, _), (span, is_shared) in sightings.items():
        if beside and identifier[0] in MOVING and not is_shared:
            for some in (held[identifier][beside], whole[identifier]):
                some.add(span.first)
                some.add(span.last)
    moves = {}
    for identifier, holders in held.items():
        ever = whole[identifier]
        spans = [(span.first or ever.first, span.last or ever.last) for span in holders.values()]
        known = sorted((first, last) for first, last in spans if first and last)
        ends = [max(last for _, last in known[:n]) for n in range(1, len(known))]
        moves[identifier] = [
            first for end, (first, _) in zip(ends, known[1:], strict=True) if first >= end + PAUSE
        ]
    return moves


def _node(
    identifier: Identifier, at: datetime | None, moves: Mapping[Identifier, list[datetime]]
) -> Node:
    return identifier, sum(at is None or move <= at for move in moves.get(identifier, []))


def _people(forest: Forest, spans: Mapping[Node, Span], alone: set[Node]) -> dict[Node, str]:
    """Return the customer_id of every component, from the member seen first."""
    members = defaultdict(list)
    for node in forest.parents:
        (kind, _), holding = node
        if kind == "account" or (node in alone and kind != "anonymous" and not holding):
            first = spans[node].first
            members[forest.find(node)].append((first is None, first or datetime.min, node[0]))
    return {root: own_id(min(some)[2]) for root, some in members.items()}


def _holdings(
    forest: Forest, moves: Mapping[Identifier, list[datetime]], people: Mapping[Node, str]
) -> Iterator[Holding]:
    for kind, name in sorted({identifier for identifier, _ in forest.parents}):
        starts = [None, *moves.get((kind, name), [])]
        holders = [people.get(forest.find(((kind, name), n))) for n in range(len(starts))]
        changes = [n for n in range(len(starts)) if n == 0 or holders[n] != holders[n - 1]]
        for n, after in zip(changes, [*changes[1:], None], strict=True):
            customer = holders[n]
            if customer is not None:
                until = None if after is None else starts[after]
                yield Holding(kind, name, starts[n], until, customer)
