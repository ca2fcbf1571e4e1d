"""Audiences as files: what came, changed and left, for whoever fetches them.

Below the folder, each audience has a folder, and each call makes one file in it, named by a
number that grows; `manifest.json` lists them in order. Reading them in order gives the
audience. A file is there as a whole or not at all.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from activation.adapters.base import Fatal, Limits, Member, Outcome, Unreachable

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_KINDS = {"add": "additions", "update": "updates", "remove": "removals"}
_MANIFEST = "manifest.json"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: A telephone number, or another number, is no formula.
_PHONE = re.compile(r"[+-]?[0-9 ()/.-]+")

_LIMITS = Limits(batch=10_000, removes_by_address=True)


@dataclass(frozen=True)
class FileAdapter:
    """Writes CSV files below a folder."""

    folder: Path
    tool: str = "file"
    limits: Limits = _LIMITS

    def account(self) -> str:
        """Return the folder."""
        return str(self.folder.resolve())

    def bind(self, target: Mapping[str, str]) -> str:
        """Return the audience's folder, below the one of all."""
        name = target["name"]
        if not _NAME.fullmatch(name):
            raise Fatal("the name of a file audience: letters, digits, `_`, `.` and `-` only")
        with _told():
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        return name

    def holding(self, remote: str, members: Sequence[Member]) -> set[str]:
        """Return nobody: all files are ours."""
        return set()

    def add(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        """Write a file of additions."""
        return self._written(remote, "add", members)

    def update(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        """Write a file of updates."""
        return self._written(remote, "update", members)

    def remove(self, remote: str, members: Sequence[Member]) -> list[Outcome]:
        """Write a file of removals."""
        return self._written(remote, "remove", members)

    def read_back(self, remote: str) -> Iterator[str]:
        """Yield the addresses that the files leave, read in order."""
        held: dict[str, str] = {}
        for entry in self._manifest(remote):
            with _told(), (self.folder / remote / entry["file"]).open(newline="") as file:
                for row in csv.DictReader(file):
                    if entry["kind"] == "remove":
                        held.pop(row["customer_id"], None)
                    else:
                        held[row["customer_id"]] = row["address"]
        yield from held.values()

    def _written(self, remote: str, kind: str, members: Sequence[Member]) -> list[Outcome]:
        """Write a file and list it; only then is it confirmed."""
        folder, files = self.folder / remote, self._manifest(remote)
        name = f"{len(files) + 1:06d}-{_KINDS[kind]}.csv"
        entry = {"file": name, "kind": kind, "rows": len(members)}
        with _told():
            _replace(folder / name, _rows(kind, members))
            text = json.dumps({"version": 1, "files": [*files, entry]}, indent=1)
            _replace(folder / _MANIFEST, text + "\n")
        return [Outcome(member.member_id, "confirmed") for member in members]

    def _manifest(self, remote: str) -> list[dict[str, Any]]:
        """Return the files of an audience, in order."""
        path = self.folder / remote / _MANIFEST
        with _told():
            text = path.read_text(encoding="utf-8") if path.exists() else '{"files": []}'
        try:
            files = json.loads(text)["files"]
        except (ValueError, KeyError, TypeError):
            raise Fatal(f"{path} is no manifest; move it away, then: kohorte sync resync") from None
        return list(files)


def _rows(kind: str, members: Sequence[Member]) -> str:
    """Return members as CSV; a removal needs the address alone."""
    names = list(dict.fromkeys(name for member in members for name in member.fields))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["customer_id", "address", *names])
    for member in members:
        values = [_cell(member.fields.get(name)) for name in names]
        writer.writerow([_cell(member.member_id), _cell(member.address), *values])
    return text.getvalue()


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


def _replace(path: Path, text: str) -> None:
    """Put a whole file in its place, on the disk; nobody but its owner reads it."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


@contextmanager
def _told() -> Iterator[None]:
    """Turn what goes wrong with the disk into a call without an answer."""
    try:
        yield
    except OSError as error:
        raise Unreachable(f"the file cannot be written: {error.strerror}") from None
