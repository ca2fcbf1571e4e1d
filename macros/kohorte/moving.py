"""Whose conditions may have changed since they were evaluated last.

Within one build, what a condition says of a customer changes when a row of theirs arrives,
or when the edge of a window passes one: nothing else does, as long as time enters a condition
only by comparisons of a row's time with an instant. An update that takes in new events
evaluates those customers anew, and keeps the answers on all others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from kohorte.lookup import Lookup, Query

#: Before the name of an activity's model that a condition reads whole, beside others.
WHOLE_PREFIX = "every__"
MOMENTS, MOMENTS_BEFORE = "moments", "moments_before"
#: One row: the clock of the evaluation before.
CLOCK_BEFORE = "clock_before"
MOVED = "moved"
_COMPARISONS = (exp.GTE, exp.GT, exp.LT, exp.LTE)


@dataclass(frozen=True, order=True)
class Edge:
    """A window's edge: rows whose `column` it passes may count for other conditions."""

    model: str
    column: str
    moment: str


def edges_of(lookup: Lookup, models: Collection[str]) -> frozenset[Edge] | None:
    """Return the edges that a look-up depends on; none if other things decide as well.

    `models` are those whose rows are counted, and so known to have arrived.
    """
    if not {table.name for table in lookup.query.find_all(exp.Table)} <= {*models, MOMENTS}:
        return None
    edges = set()
    for column in lookup.query.find_all(exp.Column):
        if column.table != MOMENTS:
            continue
        comparison = column.parent
        if not isinstance(comparison, _COMPARISONS):
            return None
        other = comparison.left if comparison.right is column else comparison.right
        if not isinstance(other, exp.Column) or other.table not in models:
            return None
        edges.add(Edge(other.table, other.name, column.name))
    return frozenset(edges)


@dataclass(frozen=True)
class Moving:
    """What an update evaluates anew, of the conditions of one entity.

    `edges` are of the conditions that are kept where nothing moved, `asked` when each of them
    was asked for.
    """

    edges: frozenset[Edge]
    asked: frozenset[int]
    models: frozenset[str]
    #: Where the answers that are kept stand: by word, the flags in one number.
    flags: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, lookups: Sequence[Lookup], models: Collection[str]) -> Moving:
        """Find out which look-ups are decided by rows and edges alone."""
        found = {lookup: edges_of(lookup, models) for lookup in lookups}
        kept = {lookup: edges for lookup, edges in found.items() if edges is not None}
        read = {
            table.name
            for lookup in kept
            for table in lookup.query.find_all(exp.Table)
            if table.name != MOMENTS
        }
        return cls(
            frozenset().union(*kept.values()),
            frozenset(lookup.asked for lookup in kept),
            frozenset(read),
        )

    def apart(self, lookups: Sequence[Lookup]) -> tuple[Lookup, ...]:
        """Return the look-ups, of which those that are not kept read whole tables."""
        return tuple(
            lookup if lookup.asked in self.asked else self._whole(lookup) for lookup in lookups
        )

    def _whole(self, lookup: Lookup) -> Lookup:
        query = lookup.query.copy()
        for table in list(query.find_all(exp.Table)):
            if table.name in self.models:
                alias = table.alias or table.name
                table.replace(exp.to_table(WHOLE_PREFIX + table.name).as_(alias))
        return replace(lookup, query=query)

    def aliases(self) -> Mapping[str, str]:
        """Return the model behind each import of a whole table."""
        return {WHOLE_PREFIX + model: model for model in self.models}

    def kept(self, key: str, before: str) -> tuple[exp.Select, ...]:
        """Return for each word the query of the answers before on whoever did not move."""
        moved = exp.select(exp.column(key, table=MOVED)).from_(MOVED)
        has_moved = exp.In(this=exp.column(key), query=moved.subquery())
        return tuple(
            exp.select(
                exp.column(key),
                exp.alias_(exp.Literal.number(word), "word"),
                exp.alias_(
                    exp.BitwiseAnd(
                        this=exp.column(f"conditions_{word}"),
                        expression=exp.Literal.number(flags),
                    ),
                    "flag",
                ),
            )
            .from_(before)
            .where(exp.Not(this=has_moved.copy()), copy=False)
            for word, flags in self.flags.items()
        )

    def passed(self, key: str) -> tuple[exp.Select, ...]:
        """Return for each model the query of the keys with a row that an edge went past."""
        queries = []
        for model in sorted({edge.model for edge in self.edges}):
            tests = [_went_past(edge) for edge in sorted(self.edges) if edge.model == model]
            name = WHOLE_PREFIX + model
            query = exp.select(exp.column(key, table=model)).from_(exp.to_table(name).as_(model))
            for clock in (MOMENTS, MOMENTS_BEFORE):
                query = query.join(clock, join_type="cross", copy=False)
            known = exp.Not(this=exp.Is(this=exp.column(key, table=model), expression=exp.Null()))
            queries.append(query.where(known, exp.or_(*tests), copy=False))
        return tuple(queries)


def _went_past(edge: Edge) -> exp.Expr:
    """Return that a row lies where an edge was, is, or was in between.

    When the clocks are set back, an edge on the wall clock may go back as well.
    """
    time = exp.column(edge.column, table=edge.model)
    ends = [exp.column(edge.moment, table=clock) for clock in (MOMENTS_BEFORE, MOMENTS)]
    first, last = (
        exp.Anonymous(this=name, expressions=[end.copy() for end in ends])
        for name in ("least", "greatest")
    )
    return exp.Between(this=time, low=first, high=last)


def moments_before(moments: Query) -> Query:
    """Return the query of the instants as they were at the evaluation before."""
    (select,) = moments.selects
    earlier = select.copy()
    for table in list(earlier.find_all(exp.Table)):
        table.replace(exp.to_table(CLOCK_BEFORE))
    return Query(MOMENTS_BEFORE, (earlier,))


def fingerprint(text: str) -> str:
    """Return a hash of the text of a model: answers to other questions are not kept."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
