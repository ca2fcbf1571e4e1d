"""What differs between the engines, beyond what sqlglot knows."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping
from itertools import chain

from sqlglot import exp

from kohorte.errors import KohorteError

#: dbt adapter type to sqlglot dialect.
DIALECTS = {"duckdb": "duckdb", "spark": "spark", "databricks": "spark", "postgres": "postgres"}

_QUOTED = {
    "duckdb": re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", re.DOTALL),
    "postgres": re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", re.DOTALL),
    "spark": re.compile(r"'(?:\\.|[^'\\])*'|`(?:[^`]|``)*`", re.DOTALL),
}


def _deeper(lines: str) -> str:
    """Return lines, each indented once more."""
    return lines.replace("\n", "\n    ")


#: Stands for a quoted value while the text around it is laid out.
_MARK = "\ue000"
_MARKED = re.compile(f"{_MARK}([0-9]+){_MARK}")
#: Brackets around one short line stay on it; a sum of flags has a line each.
_LAYOUT: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    *[(re.compile(r"\(\n +([^\n]{1,60})\n +\)"), r"(\1)")] * 2,
    (re.compile(r"\bnot ([a-z0-9_.]+) is null"), r"\1 is not null"),
    (re.compile(r"\bselect\n +([^\n,]+)\n( *)from\b"), r"select \1\n\2from"),
    (
        re.compile(r"\n( *)on ([^\n]+)((?:\n +and [^\n]+)+)"),
        lambda found: f"\n{found[1]}on\n{found[1]}    {found[2]}{_deeper(found[3])}",
    ),
    (
        re.compile(
            f" at time zone ({_MARK}[0-9]+{_MARK}) at time zone (?=[^\n]* as [a-z0-9_]+,?$)",
            re.MULTILINE,
        ),
        r" at time zone \1\n    at time zone ",
    ),
    (re.compile(r" \+ case when "), "\n    + case when "),
    (re.compile(r"\n( *)when ([^\n]+)\n +then "), r"\n\1when \2\n\1    then "),
)
#: What Jinja would read something into, or change, and what the engine puts back for it.
_JINJA: tuple[tuple[re.Pattern[str], exp.Expr], ...] = (
    (re.compile(r"\{(?=[{%#])"), exp.Literal.string("{")),
    (re.compile(r"\r"), exp.func("chr", exp.Literal.number(13))),
)
#: Signs that may stand for it in a literal that does not hold them.
_STAND_INS = ("~", "^", "§")


def dialect_of(adapter: str) -> str:
    """Return the sqlglot dialect of a dbt adapter; raise KohorteError if there is none."""
    if adapter not in DIALECTS:
        known = ", ".join(DIALECTS)
        raise KohorteError(f"no segments for dbt adapter `{adapter}`; there are: {known}")
    return DIALECTS[adapter]


def convert_zone(wall: exp.Expr, source: str, target: str, dialect: str) -> exp.Expr:
    """Return what one zone's clock shows when another's shows this."""
    if source == target:
        return wall
    zones = exp.Literal.string(source), exp.Literal.string(target)
    if dialect == "spark":
        to_utc = target == "UTC"
        name = "to_utc_timestamp" if to_utc else "from_utc_timestamp"
        return exp.Anonymous(this=name, expressions=[wall, zones[0] if to_utc else zones[1]])
    inner = wall if isinstance(wall, exp.Column) else exp.paren(wall, copy=False)
    instant = exp.AtTimeZone(this=inner, zone=zones[0])
    return exp.AtTimeZone(this=instant, zone=zones[1])


def bucket(seed: str, key: exp.Expr, dialect: str) -> exp.Expr:
    """Return a whole number from 0 to 2^32 - 1 that depends on seed and key alone.

    It is the first 8 hex digits of md5("seed:key"), the same on every engine.
    """
    seeded = exp.DPipe(this=exp.Literal.string(f"{seed}:"), expression=key)
    digits = exp.func("left", exp.func("md5", seeded), exp.Literal.number(8))
    if dialect == "spark":
        sixteen, ten = exp.Literal.number(16), exp.Literal.number(10)
        return exp.cast(exp.Anonymous(this="conv", expressions=[digits, sixteen, ten]), "bigint")
    if dialect == "postgres":
        bits = exp.DPipe(this=exp.Literal.string("x"), expression=digits)
        return exp.cast(exp.cast(exp.paren(bits), "bit(32)"), "bigint")
    prefixed = exp.DPipe(this=exp.Literal.string("0x"), expression=digits)
    return exp.cast(exp.paren(prefixed), "bigint")


def json_object(values: Mapping[str, exp.Expr], dialect: str) -> exp.Expr:
    """Return a JSON object as a text; an absent value is null in it."""
    pairs = [part for name, value in values.items() for part in (exp.Literal.string(name), value)]
    if dialect == "spark":
        struct = exp.Anonymous(this="named_struct", expressions=pairs)
        keep = exp.Anonymous(
            this="map",
            expressions=[exp.Literal.string("ignoreNullFields"), exp.Literal.string("false")],
        )
        return exp.Anonymous(this="to_json", expressions=[struct, keep])
    name = "json_build_object" if dialect == "postgres" else "json_object"
    return exp.cast(exp.Anonymous(this=name, expressions=pairs), "text", copy=False)


def _in_postgres(node: exp.Expr) -> exp.Expr:
    """Return PostgreSQL's way to add months, and to count an array that may be empty."""
    if isinstance(node, exp.AddMonths):
        zero, months = exp.Literal.number(0), exp.cast(node.expression, "int")
        interval = exp.Anonymous(this="make_interval", expressions=[zero, months])
        return exp.Add(this=node.this, expression=interval)
    if isinstance(node, exp.ArraySize):
        return exp.Anonymous(this="cardinality", expressions=[node.this])
    return node


#: What sqlglot has no translation for, or one that means something else.
_TRANSLATIONS: dict[str, Callable[[exp.Expr], exp.Expr]] = {"postgres": _in_postgres}


def render(query: exp.Expr, dialect: str, margin: str = "") -> str:
    """Return SQL in the house's layout: keywords in lower case, values untouched.

    `margin` is put before every line but those inside a value.
    """
    if dialect in _TRANSLATIONS:
        query = query.transform(_TRANSLATIONS[dialect])
    text = query.sql(
        dialect=dialect, pretty=True, indent=4, pad=4, normalize_functions="lower",
        max_text_width=46, copy=False, comments=False,
    )  # fmt: skip
    values: list[str] = []

    def put_away(quoted: re.Match[str]) -> str:
        values.append(quoted[0])
        return f"{_MARK}{len(values) - 1}{_MARK}"

    text = _QUOTED[dialect].sub(put_away, text).lower()
    for pattern, replacement in _LAYOUT:
        text = pattern.sub(replacement, text)
    text = textwrap.indent(text, margin)
    return _MARKED.sub(lambda found: values[int(found[1])], text)


def without_jinja(query: exp.Expr) -> exp.Expr:
    """Return the query with no literal in which dbt could see Jinja."""
    dangerous = [
        literal
        for literal in query.find_all(exp.Literal)
        if literal.is_string and any(pattern.search(literal.this) for pattern, _ in _JINJA)
    ]
    if not dangerous:
        return query
    return query.transform(lambda node: _put_back(node.this) if node in dangerous else node)


def _put_back(text: str) -> exp.Expr:
    """Return a literal with stand-ins, and what replaces them by what they stand for.

    One call for each kind, however often it occurs: engines limit how deep a query nests.
    """
    stand_ins = chain(_STAND_INS, map(chr, range(0xE000, 0xF8FF)))
    replaced: list[tuple[str, exp.Expr]] = []
    for pattern, original in _JINJA:
        if pattern.search(text):
            sign = next(sign for sign in stand_ins if sign not in text)
            text = pattern.sub(sign, text)
            replaced.append((sign, original))
    sql: exp.Expr = exp.Literal.string(text)
    for sign, original in replaced:
        sql = exp.func("replace", sql, exp.Literal.string(sign), original.copy())
    return sql
