"""Take a segment by name, from a file, from standard input, or as a bare condition."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from kohorte.analyst.evaluation import DRAFT, Definitions, read_definitions
from kohorte.document import MAX_BYTES
from kohorte.errors import KohorteError
from kohorte.segments.files import SUFFIXES, read_draft
from kohorte.segments.segment import Segment

STANDARD_INPUT = "standard input"


def read_asked(
    root: Path,
    asked: str | None,
    where: str | None,
    read: Callable[[int], bytes] = lambda limit: sys.stdin.buffer.read(limit),
) -> tuple[Definitions, list[Segment]]:
    """Return the definitions with what was asked for, and the segments that it names.

    `asked` is a segment's name, a spec file, or `-` for standard input; `where` is the
    condition of a draft, as YAML. Raises KohorteError when it is none of these.
    """
    if where is not None:
        if asked is not None:
            raise KohorteError("a name or --where, not both")
        return _drafted(root, "--where", _spec_of(where))
    if asked is None:
        raise KohorteError("name a segment, a spec file, - for standard input, or --where")
    if asked == "-":
        return _drafted(root, STANDARD_INPUT, _decoded(read(MAX_BYTES + 1), STANDARD_INPUT))
    if asked.endswith(SUFFIXES):
        return _drafted(root, asked, _text_of(Path(asked)))
    definitions = read_definitions(root)
    return definitions, [definitions.segment(asked)]


def _drafted(root: Path, shown_as: str, text: str) -> tuple[Definitions, list[Segment]]:
    if len(text) > MAX_BYTES:
        raise KohorteError(f"{shown_as}: larger than {MAX_BYTES:,} bytes")
    declared = read_draft(text, shown_as).declared
    definitions = read_definitions(root, (shown_as, text))
    names = [name for entry in declared.values() for name in entry.names()]
    if not names:
        raise KohorteError(f"{shown_as}: declares no segment")
    return definitions, [definitions.segment(name) for name in names]


def _spec_of(where: str) -> str:
    lines = where.splitlines() or [""]
    inner = "\n".join(f"      {line}" for line in lines)
    return f"version: 1\nsegments:\n  {DRAFT}:\n    where:\n{inner}\n"


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise KohorteError(f"{path}: larger than {MAX_BYTES:,} bytes")
        return _decoded(path.read_bytes(), str(path))
    except OSError as error:
        raise KohorteError(f"{path}: cannot be read: {error.strerror}") from None


def _decoded(text: bytes, shown_as: str) -> str:
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise KohorteError(f"{shown_as}: not UTF-8 text") from None
