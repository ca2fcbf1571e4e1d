"""Mistakes in what a user wrote, with place, expectation and remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

#: How many columns of a line a caret excerpt shows.
EXCERPT_WIDTH = 100
#: How many characters of a quoted value a message shows.
VALUE_WIDTH = 60


class Invalid(Exception):
    """Raised after a problem was recorded, to give up on the part that holds it."""


class KohorteError(Exception):
    """A mistake that is told to the user as it stands, without a traceback."""


@dataclass(frozen=True, order=True)
class Place:
    """Where something stands: a file, a line and a column, both from 1; the line's text."""

    path: str
    line: int = 1
    column: int = 1
    text: str = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake: where, what is wrong, what was expected, what was meant."""

    place: Place
    message: str
    expected: str = ""
    nearest: str = ""

    def __str__(self) -> str:
        lines = [f"{self.place}: {self.message}"]
        if self.place.text:
            lines += _caret(self.place)
        if self.expected:
            lines.append(f"  expected: {self.expected}")
        if self.nearest:
            lines.append(f"  did you mean: {self.nearest}")
        return "\n".join(lines)


class SpecErrors(KohorteError):
    """All mistakes of all files, in the order of the files."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__(str(self))

    def __str__(self) -> str:
        count = len(self.problems)
        headline = f"{count} {'mistake' if count == 1 else 'mistakes'} in the specs"
        return "\n\n".join([headline, *map(str, self.problems)])


def nearest(name: str, candidates: Iterable[str]) -> str:
    """Return the candidate that resembles the name most, or an empty text."""
    found = process.extractOne(
        name[:VALUE_WIDTH], sorted(candidates), scorer=fuzz.ratio, score_cutoff=50
    )
    return shown(found[0]) if found else ""


def shown(value: object) -> str:
    """Return a value as a message quotes it: printable, and not too long."""
    text = str(value)
    if len(text) > VALUE_WIDTH:
        text = text[:VALUE_WIDTH] + "…"
    return "".join(character if character.isprintable() else "�" for character in text)


def _caret(place: Place) -> list[str]:
    """Return the excerpt's line and, below it, a caret under the column."""
    start = max(0, place.column - 1 - EXCERPT_WIDTH // 2)
    text = place.text[start : start + EXCERPT_WIDTH]
    text = "".join(character if character.isprintable() else " " for character in text)
    return [f"  | {text}", "  | " + " " * (place.column - 1 - start) + "^"]
