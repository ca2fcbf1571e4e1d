"""The generations that were published, in folders, and the one that readers see.

    serving/kohorte.duckdb  -> current/kohorte.duckdb
    serving/private.duckdb  -> current/private.duckdb
    serving/current         -> generations/000042
    serving/generations/prepared-000042/{kohorte.duckdb,private.duckdb}
    serving/generations/000042/{kohorte.duckdb,private.duckdb,manifest.json,<table>/*.parquet}

A generation is never changed once it is there. Replacing the link `current` is the one
step that readers notice, and it is atomic for all of them together.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from kohorte.errors import KohorteError
from kohorte.publishing.files import on_disk, told

OPEN_FILE, PRIVATE_FILE, MANIFEST = "kohorte.duckdb", "private.duckdb", "manifest.json"
_CURRENT, _BEGUN, _PREPARED = "current", ".begun", "prepared-"
_DIGITS = 6
#: Seconds to wait for another publication; one of a million customers takes about one minute.
_PATIENCE = 600.0


@dataclass(frozen=True)
class Generations:
    """The folder `serving`."""

    serving: Path

    @property
    def folder(self) -> Path:
        """Return the folder of all generations."""
        return self.serving / "generations"

    def path(self, number: int) -> Path:
        """Return the folder of a generation."""
        return self.folder / f"{number:0{_DIGITS}d}"

    def numbers(self) -> list[int]:
        """Return the generations that are whole, in the order they were published."""
        found = self.folder.glob("[0-9]*") if self.folder.is_dir() else ()
        return sorted(int(path.name) for path in found if path.name.isdigit())

    def current(self) -> int | None:
        """Return the generation that readers see; none before the first publication."""
        try:
            return int((self.serving / _CURRENT).readlink().name)
        except (OSError, ValueError):
            return None

    def manifest(self, number: int) -> dict[str, Any]:
        """Return the manifest of a generation.

        Raises KohorteError when it cannot be read.
        """
        path = self.path(number) / MANIFEST
        with told(path):
            text = path.read_text(encoding="utf-8")
        try:
            content = json.loads(text)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise KohorteError(f"{path}: not a manifest; publish anew: kohorte publish")
        return content

    @contextmanager
    def locked(self, patience: float = _PATIENCE) -> Iterator[None]:
        """Keep other publishers out; what a killed one left half done is cleared away.

        Raises KohorteError when another one takes longer than `patience` seconds.
        """
        with told(self.serving):
            self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.serving / ".lock", timeout=patience):
                self._clear()
                yield
        except Timeout:
            message = f"{self.serving} is being published to by another program"
            raise KohorteError(f"{message}; try again later") from None

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield a folder on the same disk for what is in between, for the owner's eyes only."""
        folder = self.folder / ".scratch"
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def prepare(self, number: int) -> None:
        """Copy a generation's files, for the next one to begin with: see `take`.

        Call it with the lock held. A copy that is there is left as it is.
        """
        prepared = self._prepared(number)
        if prepared.is_dir():
            return
        self.drop_prepared()
        begun = self.folder / ".preparing"
        begun.mkdir(mode=0o700)
        try:
            for name in (OPEN_FILE, PRIVATE_FILE):
                shutil.copyfile(self.path(number) / name, begun / name)
                on_disk(begun / name)
            begun.rename(prepared)
        except BaseException:
            shutil.rmtree(begun, ignore_errors=True)
            raise

    def take(self, number: int, folder: Path) -> None:
        """Put a generation's files into a folder: those that were prepared, or copies."""
        prepared, taken = self._prepared(number), self.folder / ".taken"
        source = self.path(number)
        put: Callable[[Path, Path], object] = shutil.copyfile
        if prepared.is_dir():
            # Under another name: half of it must never be taken.
            source, put = prepared.rename(taken), Path.rename
        for name in (OPEN_FILE, PRIVATE_FILE):
            put(source / name, folder / name)
        shutil.rmtree(taken, ignore_errors=True)

    def drop_prepared(self) -> None:
        """Remove what was prepared for another generation than comes."""
        for prepared in self.folder.glob(f"{_PREPARED}*"):
            gone = self.folder / f".{prepared.name}"
            prepared.rename(gone)
            shutil.rmtree(gone)

    def _prepared(self, number: int) -> Path:
        return self.folder / f"{_PREPARED}{number:0{_DIGITS}d}"

    def begin(self) -> Path:
        """Return an empty folder for the next generation, for the owner's eyes only."""
        begun = self.folder / _BEGUN
        begun.mkdir(mode=0o700)
        return begun

    def commit(self, number: int) -> None:
        """Make a generation of what was begun, and show it to the readers."""
        begun = self.folder / _BEGUN
        for path in sorted(begun.rglob("*")):
            if path.is_file():
                path.chmod(0o600 if path.name == PRIVATE_FILE else 0o444)
            on_disk(path)
        begun.chmod(0o755)
        on_disk(begun)
        begun.rename(self.path(number))
        on_disk(self.folder)
        self.show(number)

    def show(self, number: int) -> None:
        """Show a generation to the readers, in one step."""
        self._link(_CURRENT, self.path(number).relative_to(self.serving))
        for name in (OPEN_FILE, PRIVATE_FILE):
            self._link(name, Path(_CURRENT) / name)
        on_disk(self.serving)

    def prune(self, kept: int) -> None:
        """Remove all but the newest generations and the one that readers see."""
        current = self.current()
        for number in self.numbers()[:-kept]:
            if number != current:
                self.remove(number)

    def remove(self, number: int) -> None:
        """Remove a generation; it is whole until it is gone."""
        gone = self.folder / f".gone-{number}"
        self.path(number).rename(gone)
        shutil.rmtree(gone)

    def _link(self, name: str, target: Path) -> None:
        """Make a link, or lead it somewhere else, in one step."""
        link = self.serving / name
        if link.is_symlink() and link.readlink() == target:
            return
        new = self.serving / f".{name}.new"
        new.unlink(missing_ok=True)
        new.symlink_to(target)
        os.replace(new, link)  # noqa: PTH105 (Path.replace says nothing of being atomic)

    def _clear(self) -> None:
        """Remove what a killed publisher left, and what DuckDB would replay into a file."""
        for left in self.folder.glob(".*"):
            shutil.rmtree(left, ignore_errors=True)
        for log in self.serving.glob("*.wal"):
            log.unlink()
