"""Members as the content of a file: CSV, JSON Lines or Parquet, and back to addresses."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from activation.adapters.base import Member

KEY, ADDRESS = "customer_id", "address"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: A telephone number, or another number, is no formula.
_PHONE = re.compile(r"[+-]?[0-9 ()/.-]+")


@dataclass(frozen=True)
class Format:
    """How members are written to a file, and key and address read from one."""

    write: Callable[[Path, Sequence[Member]], None]
    read: Callable[[Path], Iterator[tuple[str, str]]]


def _names(members: Sequence[Member]) -> list[str]:
    """Return the fields of members, in order; key and address have columns of their own."""
    names = dict.fromkeys(name for member in members for name in member.fields)
    return [name for name in names if name not in (KEY, ADDRESS)]


def _write_csv(path: Path, members: Sequence[Member]) -> None:
    names = _names(members)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([KEY, ADDRESS, *names])
    for member in members:
        values = [_cell(member.fields.get(name)) for name in names]
        writer.writerow([_cell(member.member_id), _cell(member.address), *values])
    path.write_text(text.getvalue(), encoding="utf-8", newline="")


def _cell(value: Any) -> str:
    """Return a value as CSV has it; lists are JSON, nothing is empty.

    A text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        is_formula = value.startswith(_FORMULA) and not _PHONE.fullmatch(value)
        return f"'{value}" if is_formula else value
    return json.dumps(value, ensure_ascii=False)


def _read_csv(path: Path) -> Iterator[tuple[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield row[KEY], row[ADDRESS]


def _write_jsonl(path: Path, members: Sequence[Member]) -> None:
    names = _names(members)
    rows = (
        {KEY: each.member_id, ADDRESS: each.address, **{n: each.fields.get(n) for n in names}}
        for each in members
    )
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")


def _read_jsonl(path: Path) -> Iterator[tuple[str, str]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            yield row[KEY], row[ADDRESS]


def _write_parquet(path: Path, members: Sequence[Member]) -> None:
    import duckdb

    names = _names(members)
    columns = {
        KEY: ("varchar", [each.member_id for each in members]),
        ADDRESS: ("varchar", [each.address for each in members]),
        **{name: _typed([each.fields.get(name) for each in members]) for name in names},
    }
    parts = ", ".join(
        f"unnest(${number}::{kind}[]) as {_quoted(name)}"
        for number, (name, (kind, _)) in enumerate(columns.items(), start=1)
    )
    with duckdb.connect() as connection:
        values = {str(n): held for n, (_, held) in enumerate(columns.values(), start=1)}
        connection.execute(f"create table members as select {parts}", values)
        try:
            connection.execute(f"copy members to {_literal(path)} (format parquet)")
        except duckdb.IOException as error:
            full = "No space left" in str(error)
            code = errno.ENOSPC if full else errno.EIO
            raise OSError(code, os.strerror(code)) from None


def _typed(values: list[Any]) -> tuple[str, list[Any]]:
    """Return the DuckDB type of values as JSON has them, and the values; a mixture is text."""
    kinds: Mapping[type, str] = {bool: "boolean", int: "bigint", float: "double", str: "varchar"}
    found = {type(value) for value in values if value is not None}
    if found == {int, float}:
        found = {float}
    if found == {list} and all(isinstance(x, str) for value in values for x in value or ()):
        return "varchar[]", values
    if len(found) == 1 and (kind := kinds.get(next(iter(found)))):
        return kind, values
    return "varchar", [None if value is None else json.dumps(value) for value in values]


def _read_parquet(path: Path) -> Iterator[tuple[str, str]]:
    import duckdb

    with duckdb.connect() as connection:
        found = connection.execute(f"select {KEY}, {ADDRESS} from {_literal(path)}").fetchall()
    yield from ((str(key), str(address)) for key, address in found)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


#: By the suffix of a file's name.
FORMATS: Mapping[str, Format] = {
    "csv": Format(_write_csv, _read_csv),
    "jsonl": Format(_write_jsonl, _read_jsonl),
    "parquet": Format(_write_parquet, _read_parquet),
}
