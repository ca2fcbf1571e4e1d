"""DuckDB files: opened with errors that people understand, and put safely on the disk."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from kohorte.errors import KohorteError

MEMORY_VARIABLE = "KOHORTE_MEMORY"
#: As in profiles.yml.
_MEMORY = "6GB"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL_WORDS = ("no space left", "file too large", "disk quota")

_FULL_WHEN_PUBLISHING = (
    "not published: the disk is full; readers keep what was published before\n"
    "make room, or keep fewer publications (var publications_kept), then: kohorte publish"
)


@contextmanager
def workshop(temporary: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection to copy tables with; what it sets down goes to a folder."""
    config = {**settings(), "temp_directory": str(temporary)}
    with duckdb.connect(":memory:", config=config) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def settings() -> dict[str, str | bool | int | float | list[str]]:
    """Return how DuckDB is set up to move many rows, as in profiles.yml."""
    return {
        "preserve_insertion_order": False,
        "memory_limit": os.environ.get(MEMORY_VARIABLE, _MEMORY),
    }


@contextmanager
def opened(path: Path, *, read_only: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection to a DuckDB file that is there, and let go of the file afterwards.

    Raises KohorteError when it is missing, in use by another program, or no DuckDB file.
    """
    require(path)
    with told(path), duckdb.connect(str(path), read_only=read_only) as connection:
        yield connection


def require(path: Path) -> None:
    """Raise KohorteError unless a warehouse is there."""
    if not path.exists():
        raise KohorteError(f"there is no warehouse at {path} yet; run: make run")


@contextmanager
def told(path: Path, when_full: str = _FULL_WHEN_PUBLISHING) -> Iterator[None]:
    """Turn what goes wrong with files into a KohorteError, about `path` if about none else.

    `when_full` is what a full disk means, and what to do.
    """
    try:
        yield
    except duckdb.Error as error:
        text = str(error).lower()
        if any(words in text for words in _FULL_WORDS):
            raise KohorteError(when_full) from None
        if "set lock on file" in text:
            raise KohorteError(f"{path} is in use by another program; try again") from None
        if isinstance(error, duckdb.IOException):
            message = f"{path} cannot be read or written as a DuckDB file; run: make run"
            raise KohorteError(message) from None
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise KohorteError(when_full) from None
        raise KohorteError(f"{error.filename or path}: {error.strerror}") from None


def on_disk(path: Path) -> None:
    """Wait until a file or folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
