"""What a change of the specs would do, in words: for people, pull requests and programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kohorte.analyst.words import console, print_json, table

if TYPE_CHECKING:
    from kohorte.analyst.affected import Affected
    from kohorte.analyst.changes import Change


def print_changes(
    changes: Sequence[Change], hanging: Sequence[Affected], reference: str, output: str
) -> None:
    """Print what a change of the specs would do: as text, as Markdown or as JSON."""
    if output == "json":
        told = [each.as_dict() for each in hanging]
        print_json({"segments": [change.as_dict() for change in changes], "affected": told})
        return
    headline = f"{len(changes)} {'segment changes' if len(changes) == 1 else 'segments change'}"
    columns = ("segment", "what", "before", "now", "enter", "leave", "net revenue 365d")
    rows = [
        (
            c.segment, c.kind, f"{c.before:,}", f"{c.now:,}", f"{c.entering:,}", f"{c.leaving:,}",
            f"{c.value:+,.2f}",
        )
        for c in changes
    ]  # fmt: skip
    if output == "markdown":
        print(f"### {headline} against `{reference}`\n")
        if rows:
            print("| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
            for row in rows:
                print("| " + " | ".join(row) + " |")
        for line in [*_change_lines(changes), *_affected_lines(hanging)]:
            print(f"\n- {_escaped(line)}", end="")
        print()
        return
    out = console()
    out.print(f"{headline} against {reference}")
    if rows:
        sides = [(name, "left" if number < 2 else "right") for number, name in enumerate(columns)]
        out.print(table("", sides, rows))
    for line in [*_change_lines(changes), *_affected_lines(hanging)]:
        out.print(f"- {line}", soft_wrap=True)


def _change_lines(changes: Sequence[Change]) -> list[str]:
    """Say for each change by what conditions it comes, and what to look at."""
    lines = []
    for change in changes:
        lines += [f"{change.segment}: warning: {warning}" for warning in change.warnings]
        lines += [f"{change.segment}: no longer demanded: {words}" for words in change.removed]
        lines += [f"{change.segment}: now demanded: {words}" for words in change.added]
        reach = ", ".join(f"{k} {v:+,}" for k, v in change.reachable.items() if v)
        lines += [f"{change.segment}: reachable by {reach}"] if reach else []
    return lines


def _affected_lines(hanging: Sequence[Affected]) -> list[str]:
    """Say what hangs on the segments that change, and where a guard would stop the sync."""
    lines = []
    for each in hanging:
        lines += [f"{each.what} {each.name}: warning: {warning}" for warning in each.warnings]
        through = f", by {', '.join(each.segments)}" if each.segments else ""
        lines.append(f"{each.what} {each.name}: {each.kind}{through}")
    return lines


def _escaped(text: str) -> str:
    """Return a text that Markdown shows as it stands."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|!~@" else c for c in text)
