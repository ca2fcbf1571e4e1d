"""Tests of text: contains, begins, ends, matches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from sqlglot import exp

from kohorte import shapes
from kohorte.catalog import Column, Type
from kohorte.predicates.base import Predicate, Scope, Subject, complement, literal

if TYPE_CHECKING:
    from kohorte.document import Node
    from kohorte.reader import Reader
    from kohorte.shapes import Schema
    from kohorte.vocabulary import Vocabulary

_WORDS = {
    "contains": "contains",
    "not_contains": "does not contain",
    "starts_with": "starts with",
    "ends_with": "ends with",
    "matches": "matches",
}


@dataclass(frozen=True)
class Text(Predicate):
    """One of the tests of a part of a text."""

    operators = tuple(_WORDS)
    types = frozenset({Type.TEXT})
    options = ("ignore_case",)

    operator: str
    text: str
    ignore_case: bool

    @classmethod
    def read(
        cls,
        operator: str,
        node: Node,
        column: Column,
        options: Mapping[str, Node],
        reader: Reader,
    ) -> Self:
        """Read a text of at least one character; `matches` must be RE2."""
        text = reader.text(node)
        if operator == "matches":
            _check_pattern(text, node, reader)
        return cls(operator, text, reader.option_ignore_case(options, column))

    @classmethod
    def schema(cls, operator: str, column: Column, vocabulary: Vocabulary) -> Schema:
        """Return the schema of a text."""
        syntax = ", a regular expression in RE2 syntax" if operator == "matches" else ""
        return shapes.described(shapes.text(), f"The value {_WORDS[operator]} this{syntax}.")

    def sql(self, subject: Subject, scope: Scope) -> exp.Expr:
        """Return the test, on lower case of both sides if case is ignored."""
        value, text = subject.copy(), literal(self.text)
        if self.operator == "matches":
            pattern = literal(f"(?i){self.text}" if self.ignore_case else self.text)
            return exp.RegexpLike(this=value, expression=pattern)
        if self.ignore_case:
            value, text = exp.Lower(this=value), exp.Lower(this=text)
        positive = self._positive(value, text)
        return complement(positive) if self.operator == "not_contains" else positive

    def _positive(self, value: exp.Expr, text: exp.Expr) -> exp.Expr:
        match self.operator:
            case "starts_with":
                return exp.StartsWith(this=value, expression=text)
            case "ends_with":
                end = exp.func("right", value, exp.func("length", text.copy()))
                return exp.EQ(this=end, expression=text)
            case _:
                position = exp.StrPosition(this=value, substr=text)
                return exp.GT(this=position, expression=literal(0))

    def words(self) -> str:
        """Say `contains shoe`."""
        case = ", in any case" if self.ignore_case else ""
        return f"{_WORDS[self.operator]} {self.text}{case}"


def _check_pattern(pattern: str, node: Node, reader: Reader) -> None:
    """Let the engine that will run the pattern say whether it is one."""
    import duckdb

    with duckdb.connect() as connection:
        try:
            connection.execute("select regexp_matches('', ?)", [pattern])
        except duckdb.Error:
            message = "not a regular expression in RE2 syntax"
            raise reader.fail(node, message, "RE2: no look-around, no back-references") from None


PREDICATES = (Text,)
