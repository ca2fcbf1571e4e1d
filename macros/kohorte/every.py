"""How far one moment is from the next; a module of its own, so that the help page is fast."""

from __future__ import annotations

from enum import StrEnum


class Every(StrEnum):
    """A step of the calendar."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
