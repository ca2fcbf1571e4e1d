"""Which files a raw table is in, and whether they changed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any


def files_pattern(location: str, table: str) -> str:
    """Return the pattern of a table's files, from where dbt reads it.

    A location is a path (`raw/shop/{name}/*.parquet`) or a call with one
    (`read_csv('raw/clicks.csv.gz', header = true)`).
    """
    quoted = re.search(r"'([^']+)'", location)
    return (quoted[1] if quoted else location).replace("{name}", table)


def source_files(root: Path, manifest: Mapping[str, Any]) -> Iterator[tuple[Any, list[Path]]]:
    """Yield each source of a dbt manifest that is read from files, with those there are."""
    for source in manifest["sources"].values():
        location = source["config"].get("meta", {}).get("external_location")
        if location:
            yield source, files_of(root, files_pattern(location, source["name"]))


def files_of(root: Path, pattern: str) -> list[Path]:
    """Return the files that a pattern finds, seen from a project's root, in order."""
    whole = root / pattern
    return sorted(Path(whole.anchor).glob(str(whole.relative_to(whole.anchor))))


def version_of(files: Iterable[Path]) -> str:
    """Return a hash of names, sizes and times, the same as long as no file changes."""
    digest = hashlib.sha256()
    for path in files:
        status = path.stat()
        digest.update(f"{path.name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]
