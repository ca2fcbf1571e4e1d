"""How a DuckDB column becomes one of PostgreSQL: its type, and its values in CSV."""

from __future__ import annotations

import re

_TYPES = {
    "BOOLEAN": "boolean",
    "TINYINT": "smallint",
    "UTINYINT": "smallint",
    "SMALLINT": "smallint",
    "USMALLINT": "integer",
    "INTEGER": "integer",
    "UINTEGER": "bigint",
    "BIGINT": "bigint",
    "UBIGINT": "numeric(20)",
    "HUGEINT": "numeric(39)",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "VARCHAR": "text",
    "UUID": "uuid",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "INTERVAL": "interval",
    "JSON": "jsonb",
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
#: An element as PostgreSQL takes it within braces, whatever is in it.
_ELEMENT = (
    "coalesce('\"' || replace(replace(cast(element as varchar), '\\', '\\\\'), '\"', '\\\"')"
    " || '\"', 'NULL')"
)


def column_type(duckdb_type: str) -> str:
    """Return PostgreSQL's type; a map or a struct becomes jsonb, what is unknown text."""
    if _is_array(duckdb_type):
        return f"{column_type(duckdb_type[:-2])}[]"
    if decimal := _DECIMAL.fullmatch(duckdb_type):
        return f"numeric({decimal[1]}, {decimal[2]})"
    if _is_nested(duckdb_type):
        return "jsonb"
    return _TYPES.get(duckdb_type, "text")


def csv_value(name: str, duckdb_type: str) -> str:
    """Return the expression for a quoted column's values as PostgreSQL reads them.

    It has no character for the code 0: that is left out.
    """
    if _is_array(duckdb_type):
        elements = f"array_to_string(list_transform({name}, lambda element: {_ELEMENT}), ',')"
        value = f"'{{' || {elements} || '}}'"
    elif _is_nested(duckdb_type):
        value = f"cast(to_json({name}) as varchar)"
        return f"replace({value}, '\\u0000', '')"
    else:
        value = f"cast({name} as varchar)"
    return f"replace({value}, chr(0), '')" if "VARCHAR" in duckdb_type else value


def _is_array(duckdb_type: str) -> bool:
    """Tell whether it is a list of plain values, which PostgreSQL has as well."""
    return duckdb_type.endswith("[]") and not _is_nested(duckdb_type[:-2])


def _is_nested(duckdb_type: str) -> bool:
    return duckdb_type.endswith("]") or duckdb_type.startswith(("MAP(", "STRUCT(", "UNION("))
