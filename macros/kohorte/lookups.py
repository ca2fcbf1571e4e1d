"""Plan how the conditions on activities and lists are looked up, each once.

Every condition is a query for the keys that meet it. Those that read the same rows (one
activity, and one type of it) become one query, which goes over the rows once and has a
column for each. The answers are packed, 60 to a number.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from kohorte.lookup import MET_PREFIX, NONE, WORD_BITS, Lookup, Query, bigint, has_flag, pack
from kohorte.one_pass import Rows


@dataclass(frozen=True)
class Lookups:
    """All look-ups of an entity, those that read the same rows side by side."""

    groups: tuple[tuple[Lookup, ...], ...]

    @classmethod
    def of(cls, lookups: Sequence[Lookup]) -> Lookups:
        """Bring the look-ups into groups, in the order in which they were asked for."""
        groups: dict[str, list[Lookup]] = {}
        for lookup in lookups:
            groups.setdefault(lookup.source or f"alone {lookup.asked}", []).append(lookup)
        return cls(tuple(map(tuple, groups.values())))

    @cached_property
    def numbers(self) -> Mapping[int, int]:
        """Return the number from 1 that each has, by when it was asked for."""
        every = (lookup for group in self.groups for lookup in group)
        return {lookup.asked: number for number, lookup in enumerate(every, start=1)}

    @property
    def word_count(self) -> int:
        """Return how many packed columns there are."""
        return -(-len(self.numbers) // WORD_BITS)

    def placed(self, sql: exp.Expr) -> exp.Expr:
        """Return an expression in which each look-up is the test of its packed flag."""

        def place(node: exp.Expr) -> exp.Expr:
            if not isinstance(node, exp.Column) or not node.name.startswith(MET_PREFIX):
                return node
            word, bit = self._place(int(node.name.removeprefix(MET_PREFIX)))
            return has_flag(exp.column(f"conditions__{word}", table=node.table), 1 << bit)

        return sql.transform(place, copy=False)

    def flags(self, asked: Collection[int]) -> Mapping[int, int]:
        """Return the flags of look-ups, by when they were asked for: by word, one number."""
        flags: dict[int, int] = {}
        for number in asked:
            word, bit = self._place(number)
            flags[word] = flags.get(word, 0) | 1 << bit
        return dict(sorted(flags.items()))

    def queries(self, key: str, name: str) -> Iterator[Query]:
        """Yield the queries that look everything up, and pack the answers under a name."""
        found: list[exp.Select] = []
        for group in self.groups:
            if len(group) == 1:
                yield from self._alone(group[0])
                found.append(self._flagged(group[0], key))
            else:
                numbers = [self.numbers[lookup.asked] for lookup in group]
                together = f"conditions_{numbers[0]}_to_{numbers[-1]}"
                yield from self._together(group, together, key)
                found += self._packed(group, together, key)
        yield Query("conditions_met", tuple(found))
        yield Query(name, (self._joined(key),))

    def _place(self, asked: int) -> tuple[int, int]:
        return divmod(self.numbers[asked] - 1, WORD_BITS)

    def _name(self, lookup: Lookup) -> str:
        return f"condition_{self.numbers[lookup.asked]}"

    def _alone(self, lookup: Lookup) -> list[Query]:
        """Return the query of a look-up, with the subqueries it reads from before it."""
        parts: dict[str, Query] = {}
        query = lookup.query.copy()
        # The innermost come last, and must be written first.
        for found in reversed(list(query.find_all(exp.Subquery))):
            if isinstance(found.this, exp.Select) and found.alias:
                name = f"{self._name(lookup)}_{found.alias}"
                name = f"{name}_{len(parts)}" if name in parts else name
                parts[name] = Query(name, (found.this.copy(),))
                found.replace(exp.to_table(name).as_(found.alias))
        return [*parts.values(), Query(self._name(lookup), (query,), (lookup.comment,))]

    def _flagged(self, lookup: Lookup, key: str) -> exp.Select:
        """Return the keys that meet a condition, with the place of its flag."""
        word, bit = self._place(lookup.asked)
        return exp.select(
            exp.column(key),
            exp.alias_(exp.Literal.number(word), "word"),
            exp.alias_(bigint(1 << bit), "flag"),
        ).from_(self._name(lookup))

    def _together(self, group: Sequence[Lookup], name: str, key: str) -> Iterator[Query]:
        """Yield a query over the rows that several look-ups read, and one over their keys.

        The first marks each row with whom it counts for. In the last, what one row decides
        is packed, and every other look-up has a column.
        """
        rows = Rows.of(f"{name}_rows", group)
        query = exp.select(exp.column(key))
        packed: dict[int, list[tuple[exp.Expr, int]]] = {}
        for lookup in group:
            word, bit = self._place(lookup.asked)
            if lookup.is_of_rows():
                packed.setdefault(word, []).append((rows.counts(lookup), bit))
            else:
                passes = exp.alias_(rows.passes(lookup), self._name(lookup))
                query = query.select(passes, copy=False)
        comments = tuple(f"{self._name(lookup)}: {lookup.comment}" for lookup in group)
        yield Query(rows.name, (rows.query(key),), comments)
        source = rows.name
        if packed:
            source = f"{name}_flags"
            flags = [exp.alias_(pack(flags), f"flags_{word}") for word, flags in packed.items()]
            yield Query(source, (exp.select(exp.Star(), *flags).from_(rows.name),))
        for word in packed:
            found = exp.func("bit_or", exp.column(f"flags_{word}"))
            query = query.select(exp.alias_(found, f"found_{word}"), copy=False)
        query = query.from_(source, copy=False).group_by(exp.column(key), copy=False)
        yield Query(name, (query,))

    def _packed(self, group: Sequence[Lookup], name: str, key: str) -> Iterator[exp.Select]:
        """Yield the flags of a group's look-ups, a select for each word."""
        words: dict[int, list[tuple[exp.Expr, int]]] = {}
        found = set()
        for lookup in group:
            word, bit = self._place(lookup.asked)
            flags = words.setdefault(word, [])
            if lookup.is_of_rows():
                found.add(word)
            else:
                flags.append((exp.column(self._name(lookup)), bit))
        for word, flags in words.items():
            flag: exp.Expr = pack(flags)
            if word in found:
                flag = exp.Add(this=exp.column(f"found_{word}"), expression=flag)
            yield exp.select(
                exp.column(key),
                exp.alias_(exp.Literal.number(word), "word"),
                exp.alias_(flag, "flag"),
            ).from_(name)

    def _joined(self, key: str) -> exp.Select:
        """Return one row a key, with all flags."""
        packed = exp.select(exp.column(key)).from_("conditions_met")
        for word in range(self.word_count):
            is_word = exp.EQ(this=exp.column("word"), expression=exp.Literal.number(word))
            flag = exp.case().when(is_word, exp.column("flag")).else_(NONE.copy())
            packed = packed.select(
                exp.alias_(exp.cast(exp.func("bit_or", flag), "bigint"), f"conditions_{word}"),
                copy=False,
            )
        known = exp.Not(this=exp.Is(this=exp.column(key), expression=exp.Null()))
        return packed.where(known, copy=False).group_by(exp.column(key), copy=False)
