"""Audiences as files: what came, changed and left, for whoever fetches them.

Below the folder, each audience has a folder, and each call makes one file in it, named by a
number that grows; `manifest.json` lists them in order. Reading them in order gives the
audience. A file is there as a whole or not at all.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from activation.adapters.base import Fatal, Limits, Member, Outcome, Unreachable
from activation.adapters.formats import FORMATS

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_KINDS = {"add": "additions", "update": "updates", "remove": "removals"}
_MANIFEST = "manifest.json"
#: Between a folder's name and a format in the id of an audience; no name has it.
_AS = ":"
_DEFAULT = "csv"

_LIMITS = Limits(batch=10_000, removes_by="address")


@dataclass(frozen=True)
class FileAdapter:
    """Writes files below a folder: CSV, or what the target says."""

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
        chosen = target.get("format", _DEFAULT)
        return name if chosen == _DEFAULT else f"{name}{_AS}{chosen}"

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
            path = self._of(remote) / entry["file"]
            with _told():
                rows = list(FORMATS[path.suffix.removeprefix(".")].read(path))
            for key, address in rows:
                if entry["kind"] == "remove":
                    held.pop(key, None)
                else:
                    held[key] = address
        yield from held.values()

    def _written(self, remote: str, kind: str, members: Sequence[Member]) -> list[Outcome]:
        """Write a file and list it; only then is it confirmed."""
        folder, files = self._of(remote), self._manifest(remote)
        suffix = remote.partition(_AS)[2] or _DEFAULT
        name = f"{len(files) + 1:06d}-{_KINDS[kind]}.{suffix}"
        entry = {"file": name, "kind": kind, "rows": len(members)}
        text = json.dumps({"version": 1, "files": [*files, entry]}, indent=1) + "\n"
        with _told():
            _replace(folder / name, lambda path: FORMATS[suffix].write(path, members))
            _replace(folder / _MANIFEST, lambda path: _write(path, text))
        return [Outcome(member.member_id, "confirmed") for member in members]

    def _of(self, remote: str) -> Path:
        """Return the folder of an audience."""
        return self.folder / remote.partition(_AS)[0]

    def _manifest(self, remote: str) -> list[dict[str, Any]]:
        """Return the files of an audience, in order."""
        path = self._of(remote) / _MANIFEST
        with _told():
            text = path.read_text(encoding="utf-8") if path.exists() else '{"files": []}'
        try:
            files = json.loads(text)["files"]
        except (ValueError, KeyError, TypeError):
            raise Fatal(f"{path} is no manifest; move it away, then: kohorte sync resync") from None
        return list(files)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _replace(path: Path, write: Callable[[Path], None]) -> None:
    """Put a whole file in its place, on the disk; nobody but its owner reads it."""
    unfinished = path.with_name(f".{os.getpid()}.{path.name}")
    os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    write(unfinished)
    unfinished.chmod(0o600)
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.replace(path)


@contextmanager
def _told() -> Iterator[None]:
    """Turn what goes wrong with the disk into a call without an answer."""
    try:
        yield
    except OSError as error:
        raise Unreachable(f"the file cannot be written: {error.strerror}") from None
