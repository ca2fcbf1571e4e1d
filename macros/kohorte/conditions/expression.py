"""`sql`: one boolean expression over the entity's attributes, checked on its tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Self

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from kohorte import shapes
from kohorte.catalog import Type
from kohorte.conditions.base import Build, Condition, ReadCondition
from kohorte.predicates.base import literal

if TYPE_CHECKING:
    from kohorte.document import Mapping, Node
    from kohorte.reader import Reader
    from kohorte.shapes import Schema
    from kohorte.vocabulary import Vocabulary

#: Longer ones belong into a model.
MAX_LENGTH = 2_000
MAX_NODES = 300
#: Larger ones could overflow when they are multiplied.
MAX_NUMBER = 10**9

_N, _T, _B, _D, _S = Type.NUMBER, Type.TEXT, Type.BOOLEAN, Type.DATE, Type.TIMESTAMP
#: Functions: what they take, and what they give.
_FUNCTIONS: dict[type[exp.Expr], tuple[tuple[Type, ...], Type]] = {
    exp.Abs: ((_N,), _N),
    exp.Ceil: ((_N,), _N),
    exp.Floor: ((_N,), _N),
    exp.Round: ((_N, _N), _N),
    exp.Lower: ((_T,), _T),
    exp.Upper: ((_T,), _T),
    exp.Trim: ((_T, _T), _T),
    exp.Length: ((_T,), _N),
    exp.StartsWith: ((_T, _T), _B),
}
#: Functions whose arguments and result are all of one type, whichever it is.
_ALIKE = (exp.Coalesce, exp.Greatest, exp.Least, exp.Nullif)
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_PATTERNS = (exp.Like, exp.ILike)
ALLOWED = (
    "abs, ceil, coalesce, floor, greatest, least, length, lower, nullif, round, "
    "starts_with, trim, upper"
)


class _Refused(Exception):
    """What the expression holds that it may not; the name that is none, if it is one."""

    def __init__(self, message: str, name: str = "") -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True)
class SqlExpression(Condition):
    """A boolean expression, kept as the text that its parsed tree gives."""

    heads = ("sql",)

    text: str

    @classmethod
    def read(cls, head: str, node: Mapping, reader: Reader, inner: ReadCondition) -> Self:
        """Read the expression; names, types and functions are checked, nothing is run."""
        fields = reader.fields(node, required=(head,))
        tree = _parse(fields[head], reader)
        try:
            found = _type_of(tree, lambda column: _column_type(column, reader))
        except _Refused as refused:
            expected = f"attributes, numbers, texts, and the functions {ALLOWED}"
            known = reader.columns if refused.name else ()
            message = str(refused)
            raise reader.fail(fields[head], message, expected, known, refused.name) from None
        if found is not Type.BOOLEAN:
            message = f"the expression is a {found or 'null'}"
            raise reader.fail(fields[head], message, "a boolean, such as age > 18")
        return cls(tree.sql(dialect="duckdb", comments=False))

    @classmethod
    def schema(cls, head: str, vocabulary: Vocabulary) -> Schema:
        """Return the schema of a text; what it holds is for the compiler to check."""
        description = f"A boolean expression of attributes; functions: {ALLOWED}."
        text = shapes.described(shapes.text(maxLength=MAX_LENGTH), description)
        return shapes.fields({head: text}, required=[head])

    def sql(self, build: Build) -> exp.Expr:
        """Return the tree, with its columns those of the query; x / 0 is null everywhere."""
        tree = sqlglot.parse_one(self.text, dialect="duckdb")

        def resolve(node: exp.Expr) -> exp.Expr:
            if isinstance(node, exp.Div):
                node.set("expression", exp.func("nullif", node.expression, literal(0)))
            return build.column(node.name) if isinstance(node, exp.Column) else node

        return exp.paren(tree.transform(resolve), copy=False)

    def words(self) -> str:
        """Say the expression as it is."""
        return f"({self.text})"

    def columns(self) -> Iterator[tuple[str, str]]:
        """Yield the attributes in the expression."""
        for column in sqlglot.parse_one(self.text, dialect="duckdb").find_all(exp.Column):
            yield "", column.name


def _parse(node: Node, reader: Reader) -> exp.Expr:
    """Return the one expression that a text holds."""
    text = reader.text(node)
    if len(text) > MAX_LENGTH:
        raise reader.fail(node, "a very long expression", f"at most {MAX_LENGTH:,} characters")
    try:
        trees = [tree for tree in sqlglot.parse(text, dialect="duckdb") if tree]
    except (SqlglotError, RecursionError):
        trees = []
    if len(trees) != 1:
        raise reader.fail(node, "not one SQL expression", "such as age > 18 and country = 'AT'")
    if sum(1 for _ in trees[0].walk()) > MAX_NODES:
        raise reader.fail(node, "a very large expression", f"at most {MAX_NODES} parts")
    return trees[0]


def _column_type(column: exp.Column, reader: Reader) -> Type:
    """Return the type of an attribute; the name must be known, and stand alone."""
    found = reader.columns.get(column.name)
    if column.table or column.args.get("this").quoted or found is None:  # type: ignore[union-attr]
        raise _Refused(f"there is no attribute `{column.sql()}`", column.name)
    if found.type in (Type.PLACE, Type.LIST):
        raise _Refused(f"{column.name} is a {found.type}, which cannot be used here")
    return found.type


def _type_of(node: exp.Expr, column_type: Callable[[exp.Column], Type]) -> Type | None:
    """Return the type of an expression, nothing for null; raise _Refused otherwise."""

    def of(part: exp.Expr) -> Type | None:
        return _type_of(part, column_type)

    def alike(parts: Iterator[exp.Expr]) -> Type | None:
        return _common([of(part) for part in parts], node)

    if isinstance(node, exp.Column):
        return column_type(node)
    if isinstance(node, exp.Literal):
        if not node.is_string and not abs(Decimal(node.this)) <= MAX_NUMBER:
            raise _Refused(f"a number beyond {MAX_NUMBER:,}")
        return Type.TEXT if node.is_string else Type.NUMBER
    if isinstance(node, exp.Boolean):
        return Type.BOOLEAN
    if isinstance(node, exp.Null):
        return None
    if isinstance(node, exp.Paren):
        return of(node.this)
    if isinstance(node, exp.And | exp.Or | exp.Not):
        _demand(node, [of(part) for part in node.iter_expressions()], Type.BOOLEAN)
        return Type.BOOLEAN
    if isinstance(node, _COMPARISONS):
        alike(node.iter_expressions())
        return Type.BOOLEAN
    if isinstance(node, exp.In) and not node.args.get("query") and not node.args.get("field"):
        if not node.expressions:
            raise _Refused("`in` with nothing in its list")
        alike(iter([node.this, *node.expressions]))
        return Type.BOOLEAN
    if isinstance(node, exp.Between):
        alike(node.iter_expressions())
        return Type.BOOLEAN
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null | exp.Boolean):
        if isinstance(node.expression, exp.Boolean):
            _demand(node, [of(node.this)], Type.BOOLEAN)
        of(node.this)
        return Type.BOOLEAN
    if isinstance(node, (*_ARITHMETIC, exp.Neg)):
        _demand(node, [of(part) for part in node.iter_expressions()], Type.NUMBER)
        return Type.NUMBER
    if isinstance(node, (*_PATTERNS, exp.DPipe)):
        _demand(node, [of(part) for part in node.iter_expressions()], Type.TEXT)
        return Type.TEXT if isinstance(node, exp.DPipe) else Type.BOOLEAN
    if isinstance(node, _ALIKE):
        return alike(node.iter_expressions())
    if type(node) in _FUNCTIONS:
        takes, gives = _FUNCTIONS[type(node)]
        parts = [of(part) for part in node.iter_expressions()]
        if len(parts) > len(takes):
            raise _Refused(f"`{node.sql()[:40]}` has too many arguments")
        for part, wanted in zip(parts, takes, strict=False):
            _demand(node, [part], wanted)
        return gives
    raise _Refused(f"`{node.sql()[:40]}` is not allowed here")


def _common(types: list[Type | None], node: exp.Expr) -> Type | None:
    """Return the one type of some expressions; null fits any."""
    known = {found for found in types if found is not None}
    if known == {Type.DATE, Type.TEXT} or known == {Type.TIMESTAMP, Type.TEXT}:
        raise _Refused("compare dates by tests such as within, before or after")
    if len(known) > 1:
        raise _Refused(f"a {' and a '.join(sorted(known))} in `{node.sql()[:40]}`")
    return known.pop() if known else None


def _demand(node: exp.Expr, types: list[Type | None], wanted: Type) -> None:
    found = _common(types, node)
    if found not in (None, wanted):
        raise _Refused(f"a {found} where a {wanted} belongs in `{node.sql()[:40]}`")


CONDITIONS = (SqlExpression,)
