"""The definition hash: the same while nothing that decides membership changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass
from hashlib import sha256
from typing import Any

from kohorte.catalog import Activity, Column
from kohorte.conditions.membership import InSegment
from kohorte.segments.segment import Segment


def definition_hash(segment: Segment, hashes: Mapping[str, str]) -> str:
    """Return 16 hex digits over what decides membership, used segments resolved."""
    decisive = [
        segment.entity, segment.kind, _canonical(segment.condition, hashes),
        _canonical(segment.limit, hashes), _canonical(segment.split, hashes),
    ]  # fmt: skip
    return sha256(_text(decisive).encode()).hexdigest()[:16]


def _canonical(value: Any, hashes: Mapping[str, str]) -> Any:
    """Return a value as lists and texts that say the same in every run.

    Tuples are sets, so that `in: [AT, DE]` and `in: [DE, AT]` are one definition, but for
    the fields in which order has a meaning.
    """
    if isinstance(value, InSegment):
        since = [_canonical(part, hashes) for part in (value.for_at_least, value.entered)]
        return ["InSegment", hashes[value.segment], value.is_negative, *since]
    if isinstance(value, Column | Activity):
        return value.name
    if is_dataclass(value):
        parts = [_field(getattr(value, part.name), part, hashes) for part in fields(value)]
        return [type(value).__name__, *parts]
    if isinstance(value, tuple):
        items = {_text(_canonical(item, hashes)) for item in value}
        return sorted(items)
    return value if isinstance(value, bool | int | str | None) else str(value)


def _field(value: Any, declared: Field[Any], hashes: Mapping[str, str]) -> Any:
    if declared.metadata.get("in_order"):
        return [_canonical(item, hashes) for item in value]
    return _canonical(value, hashes)


def _text(canonical: Any) -> str:
    return json.dumps(canonical, ensure_ascii=True, separators=(",", ":"))
