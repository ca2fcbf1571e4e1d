"""`in_segment`, `not_in_segment`, `was_in_segment`: membership, now or in the past."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from sqlglot import exp

from kohorte import shapes
from kohorte.catalog import Activity, Column, Type
from kohorte.conditions.base import Build, Condition, ReadCondition
from kohorte.moments import AS_OF, Moment, Period, Window
from kohorte.predicates.base import literal
from kohorte.reader import WINDOW_KEYS

if TYPE_CHECKING:
    from kohorte.document import Mapping, Node
    from kohorte.predicates.base import Scope
    from kohorte.reader import Reader
    from kohorte.shapes import Schema
    from kohorte.vocabulary import Vocabulary

#: The stays as the runs before as_of left them; those that had no end yet have none.
STAYS = Activity(
    name="stays",
    model="int_segment_stays_before",
    entity="customer",
    key="customer_id",
    time="entered_at",
    type="segment",
    columns=MappingProxyType(
        {
            "segment": Column("segment", Type.TEXT, is_nullable=False),
            "customer_id": Column("customer_id", Type.TEXT, is_nullable=False),
            "entered_at": Column("entered_at", Type.TIMESTAMP, is_nullable=False),
            "left_at": Column("left_at", Type.TIMESTAMP),
        }
    ),
)
#: The snapshots that a run before as_of has taken.
SNAPSHOTS_MODEL = "int_segment_snapshots_before"
_SINCE = ("for_at_least", "entered")


@dataclass(frozen=True)
class InSegment(Condition):
    """Membership in another segment of the same run, and since when.

    Who has no open stay in it yet enters now, at as_of.
    """

    heads = ("in_segment", "not_in_segment")

    segment: str
    is_negative: bool
    for_at_least: Period | None = None
    entered: Window | None = None

    @classmethod
    def read(cls, head: str, node: Mapping, reader: Reader, inner: ReadCondition) -> Self:
        """Read the segment's name, and since when."""
        fields = reader.fields(node, required=(head,), optional=_SINCE)
        segment = reader.segment(fields[head])
        if len(fields) > 1:
            need_history(node, reader)
        period = entered = None
        if "for_at_least" in fields:
            period = reader.period(fields["for_at_least"])
        if "entered" in fields:
            window = reader.fields(fields["entered"], optional=WINDOW_KEYS)
            entered = reader.one_window(window)
        return cls(segment, head == "not_in_segment", period, entered)

    @classmethod
    def schema(cls, head: str, vocabulary: Vocabulary) -> Schema:
        """Return the schema of a segment's name, and of since when."""
        is_member = "Not a" if head == "not_in_segment" else "A"
        description = f"{is_member} member of another segment, a tier or a branch."
        name = shapes.described(vocabulary.segment(), description)
        if vocabulary.entity.name != STAYS.entity:
            return shapes.fields({head: name}, required=[head])
        windows = {key: vocabulary.window(key) for key in WINDOW_KEYS}
        entered = {**shapes.fields(windows), "allOf": [vocabulary.one_window()]}
        since = {
            "for_at_least": shapes.described(shapes.period(), "Without a break, until now."),
            "entered": shapes.described(entered, "When the present stay began."),
        }
        return shapes.fields({head: name, **since}, required=[head])

    def sql(self, build: Build) -> exp.Expr:
        """Return the other segment's flag, and whether the open stay began in time."""
        parts = [build.member(self.segment)]
        if self.for_at_least:
            start = Window(None, Moment("shift", self.for_at_least))
            parts.append(
                build.met(_open(self.segment, start, build, is_edge_in=True), self.words())
            )
        if self.entered:
            parts.append(self._entered(build, self.entered))
        inside = exp.and_(*parts, copy=False)
        if not self.is_negative:
            return inside
        return exp.Not(this=exp.paren(inside, copy=False) if len(parts) > 1 else inside)

    def _entered(self, build: Build, window: Window) -> exp.Expr:
        """Return whether the present stay began in the window; entering now counts as now."""
        if window.end == AS_OF:
            before = _open(self.segment, Window(None, window.start), build)
            inside: exp.Expr = exp.Not(this=build.met(before, f"not the case: {self.words()}"))
            if not (window.start and window.start.anchor == "date"):
                return inside
            return exp.and_(inside, _is_now_in(Window(window.start, None), build), copy=False)
        inside = build.met(_open(self.segment, window, build), self.words())
        if not window.may_end_later():
            return inside
        is_open = build.met(_open(self.segment, Window(), build), f"in segment {self.segment}")
        enters = exp.and_(exp.Not(this=is_open), _is_now_in(window, build), copy=False)
        return exp.paren(exp.or_(inside, enters, copy=False), copy=False)

    def words(self) -> str:
        """Say `in segment vips for at least 30 days`."""
        parts = [f"{'not ' if self.is_negative else ''}in segment {self.segment}"]
        if self.for_at_least:
            parts.append(f"for at least {self.for_at_least}")
        if self.entered:
            parts.append(f"entered {self.entered}")
        return " ".join(parts[:2]) if len(parts) < 3 else f"{parts[0]} {parts[1]}, {parts[2]}"

    def segments(self) -> Iterator[str]:
        """Yield the other segment."""
        yield self.segment


@dataclass(frozen=True)
class WasInSegment(Condition):
    """Membership at some time before as_of; so it may also speak of its own segment."""

    heads = ("was_in_segment",)

    segment: str
    window: Window = field(default_factory=Window)

    @classmethod
    def read(cls, head: str, node: Mapping, reader: Reader, inner: ReadCondition) -> Self:
        """Read the segment's name and a window."""
        fields = reader.fields(node, required=(head,), optional=WINDOW_KEYS)
        need_history(node, reader)
        segment, window = reader.segment(fields.pop(head)), reader.one_window(fields)
        need_kept(window, node, reader)
        return cls(segment, window)

    @classmethod
    def schema(cls, head: str, vocabulary: Vocabulary) -> Schema:
        """Return the schema of a segment's name and a window."""
        if vocabulary.entity.name != STAYS.entity:
            return shapes.fields({head: {"not": {}}}, required=[head])
        name = shapes.described(vocabulary.segment(), "A member at some time in the past.")
        windows = {key: vocabulary.window(key) for key in WINDOW_KEYS}
        shape = shapes.fields({head: name, **windows}, required=[head])
        return {**shape, "allOf": [vocabulary.one_window()]}

    def sql(self, build: Build) -> exp.Expr:
        """Return whether a stay overlaps the window."""
        scope = build.activity(STAYS)
        tests = [_is(self.segment, scope)]
        if self.window.end and self.window.end != AS_OF:
            end = scope.moment(self.window.end, local=False)
            tests.append(exp.LT(this=scope.column("entered_at"), expression=end))
        if self.window.start:
            start = scope.moment(self.window.start, local=False)
            left = scope.column("left_at")
            later = exp.GT(this=left.copy(), expression=start)
            tests.append(exp.paren(exp.or_(_is_null(left), later, copy=False), copy=False))
        return build.met(_keys(scope, tests), self.words())

    def words(self) -> str:
        """Say `was in segment vips within the last 30 days`."""
        return f"was in segment {self.segment} {self.window}"


def kept_or(segment: str, by_rule: exp.Expr, build: Build) -> exp.Expr:
    """Return the open stay in a snapshot that an earlier run took; before, its rule."""
    kept = build.met(_open(segment, Window(), build), f"still in segment {segment}")
    taken = (
        exp.select(exp.Literal.number(1))
        .from_(exp.to_table(SNAPSHOTS_MODEL))
        .where(
            exp.EQ(this=exp.column("segment", table=SNAPSHOTS_MODEL), expression=literal(segment))
        )
    )
    return exp.case().when(exp.Exists(this=taken), kept).else_(by_rule)


def need_history(node: Node, reader: Reader) -> None:
    """Refuse what looks back in segments of an entity whose stays are not kept."""
    if reader.entity.name != STAYS.entity:
        message = f"no history is kept of the segments of {reader.entity.name}"
        raise reader.fail(node, message, f"a segment of {STAYS.entity}")


def need_kept(window: Window, node: Node, reader: Reader) -> None:
    """Refuse a window that begins before what the project keeps of the past."""
    kept = reader.catalog.history_days
    begins = window.begins_at_most_days_ago()
    if kept is None or (begins is not None and begins <= kept):
        return
    message = (
        f"history is kept for {kept:,} days (var segment_history_days), and this asks for more"
    )
    raise reader.fail(
        node, message, f"a window of at most {kept:,} days, such as within: {kept} days"
    )


def _open(segment: str, window: Window, build: Build, *, is_edge_in: bool = False) -> exp.Select:
    """Select who has an open stay that began in a window."""
    scope = build.activity(STAYS)
    time = scope.column("entered_at")
    tests = [_is(segment, scope), _is_null(scope.column("left_at"))]
    if window.start:
        start = scope.moment(window.start, local=False)
        tests.append(exp.GTE(this=time.copy(), expression=start))
    if window.end and window.end != AS_OF:
        is_before = exp.LTE if is_edge_in else exp.LT
        tests.append(is_before(this=time.copy(), expression=scope.moment(window.end, local=False)))
    return _keys(scope, tests)


def _is_now_in(window: Window, build: Build) -> exp.Expr:
    return (
        window.contains(build.moment(AS_OF, local=False), partial(build.moment, local=False))
        or exp.true()
    )


def _keys(scope: Scope, tests: list[exp.Expr]) -> exp.Select:
    key = scope.column(STAYS.key)
    return exp.select(key).from_(exp.to_table(STAYS.model)).where(*tests, copy=False)


def _is(segment: str, scope: Scope) -> exp.Expr:
    return exp.EQ(this=scope.column("segment"), expression=literal(segment))


def _is_null(column: exp.Expr) -> exp.Expr:
    return exp.Is(this=column, expression=exp.Null())


CONDITIONS = (InSegment, WasInSegment)
