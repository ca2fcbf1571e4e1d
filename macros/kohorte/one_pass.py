"""Read the rows that several conditions count once, and count them for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from kohorte.lookup import NONE, Lookup, parts_of


@dataclass(frozen=True)
class Rows:
    """The rows that several look-ups read, each marked with those that it counts for."""

    name: str
    group: Sequence[Lookup]
    shared: Sequence[exp.Expr]
    #: What must hold of a row beside what is shared, by the name of its mark.
    marks: dict[str, exp.Expr] = field(default_factory=dict)
    #: The name of each mark and value, by its text.
    names: dict[str, str] = field(default_factory=dict)
    #: What aggregates are taken of, by the name of its column.
    values: dict[str, exp.Expr] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, group: Sequence[Lookup]) -> Rows:
        """Find out what all the look-ups have in common."""
        tests = group[0].tests.items()
        shared = [test for text, test in tests if all(text in other.tests for other in group)]
        return cls(name, group, shared)

    def counts(self, lookup: Lookup) -> exp.Expr:
        """Return whether a row counts for a look-up."""
        common = {test.sql() for test in self.shared}
        own = [test.copy() for text, test in lookup.tests.items() if text not in common]
        if not own:
            return exp.true()
        counts = exp.and_(*own, copy=False)
        name = self.names.setdefault(counts.sql(), f"is__{len(self.marks) + 1}")
        self.marks[name] = counts
        return exp.column(name)

    def passes(self, lookup: Lookup) -> exp.Expr:
        """Return whether a key passes, of whose rows only those count for a look-up."""
        passes: exp.Expr = lookup.query.args["having"].this.copy()
        needs_a_row = _needs_a_row(passes)
        counts = self.counts(lookup)
        for aggregate in list(passes.find_all(exp.AggFunc)):
            self._narrow(aggregate, counts)
        if needs_a_row or isinstance(counts, exp.Boolean):
            return passes
        count = exp.Count(this=exp.Star())
        self._narrow(count, counts)
        has_rows = exp.GT(this=count, expression=NONE.copy())
        return exp.and_(has_rows, passes, copy=False)

    def _narrow(self, aggregate: exp.Expr, counts: exp.Expr) -> None:
        """Let an aggregate see only the rows that count; it passes over nulls."""
        inner = aggregate.this
        value = inner.expressions[0] if isinstance(inner, exp.Distinct) else inner
        is_all = isinstance(counts, exp.Boolean)
        if isinstance(value, exp.Star):
            seen: exp.Expr = exp.Star() if is_all else exp.Literal.number(1)
        else:
            seen = exp.column(self._value(value))
        value.replace(seen if is_all else exp.case().when(counts.copy(), seen))

    def _value(self, value: exp.Expr) -> str:
        """Return the name of the column that holds what an aggregate is taken of."""
        default = value.name if isinstance(value, exp.Column) else f"value__{len(self.values) + 1}"
        name = self.names.setdefault(value.sql(), default)
        self.values[name] = value.copy()
        return name

    def query(self, key: str) -> exp.Select:
        """Return the query of the rows, with marks and values."""
        first = self.group[0].query
        query = exp.select(first.selects[0].copy()).from_(first.args["from_"].this.copy())
        if any(lookup.query.args.get("joins") for lookup in self.group):
            query = query.join("moments", join_type="cross", copy=False)
        for name, value in self.values.items():
            if name != key:
                is_so_named = isinstance(value, exp.Column) and value.name == name
                query = query.select(value if is_so_named else exp.alias_(value, name), copy=False)
        for name, mark in self.marks.items():
            whole = exp.paren(mark) if isinstance(mark, exp.Connector) else mark
            query = query.select(exp.alias_(whole, name), copy=False)
        tests = [*(test.copy() for test in self.shared), *self._widest_window()]
        return query.where(*tests, copy=False) if tests else query

    def _widest_window(self) -> list[exp.Expr]:
        """Return the test that a row is not before the first start, if all windows have one."""
        common = {test.sql() for test in self.shared}
        starts: dict[str, exp.GTE] = {}
        for lookup in self.group:
            own = [
                test
                for text, test in lookup.tests.items()
                if text not in common
                and isinstance(test, exp.GTE)
                and isinstance(test.expression, exp.Column)
                and test.expression.table == "moments"
            ]
            if not own:
                return []
            starts[own[0].sql()] = own[0]
        times = {test.this.sql() for test in starts.values()}
        bounds = [test.expression.copy() for test in starts.values()]
        if len(times) > 1:
            return []
        first = exp.Anonymous(this="least", expressions=bounds) if len(bounds) > 1 else bounds[0]
        time = next(iter(starts.values())).this.copy()
        return [exp.GTE(this=time, expression=first)]


def _needs_a_row(having: exp.Expr) -> bool:
    """Tell whether it is sure to be false for a group without rows: a count of 1 or more."""
    for part in parts_of(having):
        low = part.args["low"] if isinstance(part, exp.Between) else part.args.get("expression")
        is_bound = isinstance(part, exp.GT | exp.GTE | exp.EQ | exp.Between)
        if is_bound and isinstance(part.this, exp.Count) and isinstance(low, exp.Literal):
            least = 0 if isinstance(part, exp.GT) else 1
            if float(low.this) >= least:
                return True
    return False
