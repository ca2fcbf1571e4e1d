"""The definition hash: the same while nothing that decides membership changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
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
    text = json.dumps(decisive, ensure_ascii=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:16]


def _canonical(value: Any, hashes: Mapping[str, str]) -> Any:
    """Return a value as lists and texts that say the same in every run."""
    if isinstance(value, InSegment):
        since = [_canonical(part, hashes) for part in (value.for_at_least, value.entered)]
        return ["InSegment", hashes[value.segment], value.is_negative, *since]
    if isinstance(value, Column | Activity):
        return value.name
    if is_dataclass(value):
        parts = [_canonical(getattr(value, part.name), hashes) for part in fields(value)]
        return [type(value).__name__, *parts]
    if isinstance(value, tuple):
        return [_canonical(item, hashes) for item in value]
    return value if isinstance(value, bool | int | str | None) else str(value)
