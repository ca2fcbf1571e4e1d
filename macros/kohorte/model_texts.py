"""Write queries as the text of a dbt model that reads like a colleague's."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from sqlglot import exp

from kohorte.dialects import render, without_jinja
from kohorte.lookup import Query

TEXTS = "array<text>"
BETWEEN, UNION, UNION_ALL = ",\n\n", "\n\n    union\n\n", "\n\n    union all\n\n"
CONFIG = '{{{{ config(materialized="{}") }}}}'
_WIDTH = 88
_COMMENT_LINES = 4


def model_text(
    grain: str,
    materialized: str,
    queries: tuple[Query, ...],
    dialect: str,
    aliases: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return a model: what a row is, the imports, the CTEs, and the last of them.

    `aliases` names the model behind an import that bears a shorter name.
    """
    imports = [import_of(name, aliases.get(name, name)) for name in sorted(imports_of(queries))]
    ctes = [*imports, *(cte(query, dialect) for query in queries)]
    body = BETWEEN.join(ctes)
    config = CONFIG.format(materialized)
    return f"{comment(grain)}\n{config}\n\nwith\n\n{body}\n\nselect * from {queries[-1].name}\n"


def imports_of(queries: Iterable[Query]) -> set[str]:
    """Return the tables that queries read and that are none of them."""
    queries = tuple(queries)
    tables = {
        table.name
        for query in queries
        for select in query.selects
        for table in select.find_all(exp.Table)
    }
    return tables - {query.name for query in queries}


def import_of(name: str, model: str, where: str = "") -> str:
    """Return the CTE that reads a model under a name, or a part of it."""
    return f'{name} as (\n    select * from {{{{ ref("{model}") }}}}{where}\n)'


def select_text(select: exp.Select, dialect: str) -> str:
    """Return a select in a dialect, with nothing in it that Jinja would read."""
    return render(without_jinja(select), dialect, "    ")


def cte(query: Query, dialect: str) -> str:
    """Return a query as a CTE, under what is said of it."""
    body = UNION_ALL.join(select_text(select, dialect) for select in query.selects)
    note = "".join(f"{comment(text)}\n" for text in query.comments)
    return f"{note}{query.name} as (\n{body}\n)"


def comment(text: str) -> str:
    """Return a text as SQL comment lines that neither SQL nor Jinja reads anything into."""
    harmless = "".join(
        character if character.isprintable() else " " for character in text
    ).translate(str.maketrans("{}", "()"))
    lines = textwrap.wrap(harmless, _WIDTH - 3, max_lines=_COMMENT_LINES, placeholder=" …")
    return "\n".join(f"-- {line}" for line in lines)


def row_of(row: Mapping[str, object], columns: Mapping[str, str]) -> exp.Select:
    """Return a select of one row; what it lacks is null, or an empty list."""
    values = {name: _value(row.get(name), sql_type) for name, sql_type in columns.items()}
    return exp.select(*(exp.alias_(value, name, copy=False) for name, value in values.items()))


def _value(value: object, sql_type: str) -> exp.Expr:
    """Return a value of a type; a text needs no cast."""
    if sql_type == TEXTS:
        texts = value if isinstance(value, Iterable) else ()
        array = exp.Array(expressions=[exp.Literal.string(str(text)) for text in texts])
        return exp.cast(array, exp.DataType.build(TEXTS), copy=False)
    if isinstance(value, str):
        return exp.Literal.string(value)
    number = exp.Null() if value is None else exp.Literal.number(str(value))
    return exp.cast(number, sql_type, copy=False)
