"""`sequence`: things done one after the other, and things not done in between."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as AbstractSequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Self

from sqlglot import exp

from kohorte import shapes
from kohorte.catalog import Type
from kohorte.conditions.base import IN_ORDER, Build, Condition, ReadCondition
from kohorte.conditions.did import Occurrence, occurrence_schema, read_occurrence, where_schema
from kohorte.errors import Invalid
from kohorte.moments import Period
from kohorte.predicates.base import Scope, literal
from kohorte.reader import WINDOW_KEYS

if TYPE_CHECKING:
    from kohorte.document import Mapping, Node
    from kohorte.reader import Reader
    from kohorte.shapes import Schema
    from kohorte.vocabulary import Vocabulary

#: Every step is one more join.
MAX_STEPS = 8
_TIME, _SHARED = "happened_at", "shared_value"


@dataclass(frozen=True)
class Step:
    """Something done, or not done, at its place in the order."""

    occurrence: Occurrence
    is_negative: bool

    def words(self) -> str:
        """Say `did orders …` or `did not orders …`."""
        return f"did {'not ' if self.is_negative else ''}{self.occurrence.words()}"


@dataclass(frozen=True)
class InOrder(Condition):
    """Steps, each strictly later than the one before.

    `within` is the time from the first step until before the last has to come. A
    `did_not` between two steps means nothing strictly between them; at the end, nothing
    after the last step until the time is over, or until as_of; at the start, nothing in
    that time before the last step and before the first.
    """

    heads = ("sequence",)

    steps: tuple[Step, ...] = field(metadata=IN_ORDER)
    within: Period | None
    same: str

    @classmethod
    def read(cls, head: str, node: Mapping, reader: Reader, inner: ReadCondition) -> Self:
        """Read `{steps: […], within: 7 days, same: product_id}`."""
        fields = reader.fields(node, required=(head,))
        parts = reader.fields(fields[head], required=("steps",), optional=("within", "same"))
        items = reader.items(parts["steps"])
        if len(items) > MAX_STEPS:
            raise reader.fail(parts["steps"], f"{len(items)} steps", f"at most {MAX_STEPS}")
        steps = []
        for item in items:
            with reader.tolerant():
                steps.append(_read_step(item, reader))
        if len(steps) < len(items):
            raise Invalid
        if all(step.is_negative for step in steps):
            raise reader.fail(parts["steps"], "no step that happens", "at least one `did`")
        within = reader.period(parts["within"]) if "within" in parts else None
        same = _read_same(parts["same"], steps, reader) if "same" in parts else ""
        return cls(tuple(steps), within, same)

    @classmethod
    def schema(cls, head: str, vocabulary: Vocabulary) -> Schema:
        """Return the schema of steps, a period, and a column that every step has."""
        step = vocabulary.once("step", lambda: _step_schema(vocabulary))
        activities = vocabulary.activities().values()
        columns = [c for a in activities for c in a.columns.values() if c.type is not Type.PLACE]
        names = shapes.one_of(dict.fromkeys(column.name for column in columns))
        shared = vocabulary.named("any_activity_column", names)
        happens = {"contains": {"required": ["did"]}}
        parts = {
            "steps": {**shapes.items(step), "maxItems": MAX_STEPS, **happens},
            "within": shapes.described(shapes.period(), "From the first step to the last."),
            "same": shapes.described(shared, "A column, equal in every step."),
        }
        steps = shapes.described(shapes.fields(parts, required=["steps"]), "One after the other.")
        return shapes.fields({head: steps}, required=[head])

    def sql(self, build: Build) -> exp.Expr:
        """Return whether the key has such a chain of steps."""
        scope = build.activity(self.steps[0].occurrence.activity)
        wanted = [number for number, step in enumerate(self.steps) if not step.is_negative]
        first, last = wanted[0], wanted[-1]
        query = exp.select(exp.column("step_key", table=_name(first)))
        query = query.from_(self._rows(first, build))
        for before, number in pairwise(wanted):
            together = [*self._same_value(before, number), _later(number, before)]
            query = query.join(
                self._rows(number, build),
                on=exp.and_(*together, copy=False),
                join_type="inner",
                copy=False,
            )
        tests: list[exp.Expr] = []
        if self.same:
            known = exp.Is(this=exp.column(_SHARED, table=_name(first)), expression=exp.Null())
            tests.append(exp.Not(this=known))
        if self.within:
            end = self._end(scope, first, exp.Add)
            tests.append(exp.LT(this=_time(last), expression=end))
        tests += self._absences(build, scope, wanted)
        if tests:
            query = query.where(*tests, copy=False)
        query = query.group_by(exp.column("step_key", table=_name(first)), copy=False)
        return build.met(query, self.words())

    def _rows(self, number: int, build: Build) -> exp.Subquery:
        """Return the occurrences of a step: key, time, and the value that is the same."""
        occurrence = self.steps[number].occurrence
        scope = build.activity(occurrence.activity)
        rows = occurrence.rows(scope)
        columns = [
            exp.alias_(scope.column(occurrence.activity.key), "step_key"),
            exp.alias_(scope.column(occurrence.activity.time), _TIME),
        ]
        if self.same:
            columns.append(exp.alias_(scope.column(self.same), _SHARED))
        return rows.select(*columns, append=False, copy=False).subquery(_name(number), copy=False)

    def _same_value(self, one: int, other: int) -> list[exp.Expr]:
        """Return that two steps are of the same key and, if demanded, value."""
        names = ["step_key", *([_SHARED] if self.same else [])]
        return [
            exp.EQ(
                this=exp.column(name, table=_name(one)),
                expression=exp.column(name, table=_name(other)),
            )
            for name in names
        ]

    def _end(self, scope: Scope, number: int, make: type[exp.Add] | type[exp.Sub]) -> exp.Expr:
        """Return the instant `within` after or before a step."""
        assert self.within is not None
        if self.within.is_exact:
            return make(this=_time(number), expression=self.within.sql())
        return scope.utc(make(this=scope.local(_time(number)), expression=self.within.sql()))

    def _absences(
        self, build: Build, scope: Scope, wanted: AbstractSequence[int]
    ) -> list[exp.Expr]:
        """Return, for each step that must not happen, that it did not."""
        tests: list[exp.Expr] = []
        first, last = wanted[0], wanted[-1]
        for number, step in enumerate(self.steps):
            if not step.is_negative:
                continue
            before = max((one for one in wanted if one < number), default=None)
            after = min((one for one in wanted if one > number), default=None)
            bounds = self._same_value(number, first)
            if before is not None:
                bounds.append(_later(number, before))
            if after is not None:
                bounds.append(_later(after, number))
            if self.within and before is None:
                start = self._end(scope, last, exp.Sub)
                bounds.append(exp.GTE(this=_time(number), expression=start))
            if self.within and after is None:
                end = self._end(scope, first, exp.Add)
                bounds.append(exp.LT(this=_time(number), expression=end))
            found = exp.select(literal(1)).from_(self._rows(number, build))
            found = found.where(*bounds, copy=False)
            tests.append(exp.Not(this=exp.Exists(this=found)))
        return tests

    def words(self) -> str:
        """Say the steps, joined by then."""
        steps = ", then ".join(step.words() for step in self.steps)
        within = f", within {self.within}" if self.within else ""
        return f"in order: {steps}{within}{f', of the same {self.same}' if self.same else ''}"

    def columns(self) -> Iterator[tuple[str, str]]:
        """Yield the column that is the same in every step."""
        if self.same:
            yield from ((step.occurrence.activity.name, self.same) for step in self.steps)


def _name(number: int) -> str:
    return f"step_{number + 1}"


def _time(number: int) -> exp.Column:
    return exp.column(_TIME, table=_name(number))


def _later(one: int, other: int) -> exp.Expr:
    return exp.LT(this=_time(other), expression=_time(one))


def _read_step(node: Node, reader: Reader) -> Step:
    """Read `{did: …}` or `{did_not: …}` with `where`, a window and `which`."""
    mapping = reader.mapping(node, "did, or did_not")
    heads = [name for name in ("did", "did_not") if mapping.get(name) is not None]
    if len(heads) != 1:
        raise reader.fail(node, "not a step", "did, or did_not")
    fields = reader.fields(node, required=heads, optional=("where", "which", *WINDOW_KEYS))
    occurrence = read_occurrence(fields[heads[0]], fields, reader)
    return Step(occurrence, heads[0] == "did_not")


def _step_schema(vocabulary: Vocabulary) -> Schema:
    """Return the JSON Schema of what `_read_step` reads."""
    forms = {head: occurrence_schema(head, vocabulary, where_schema) for head in ("did", "did_not")}
    return {"type": "object", **shapes.by_head(forms)}


def _read_same(node: Node, steps: AbstractSequence[Step], reader: Reader) -> str:
    """Read a column that every step has, of one type."""
    types: set[Type] = set()
    for step in steps:
        column = reader.within_activity(step.occurrence.activity.name).column_named(node)
        types.add(column.type)
    if len(types) > 1:
        raise reader.fail(node, f"the steps have it as {' and '.join(sorted(types))}")
    return reader.text(node)


CONDITIONS = (InOrder,)
