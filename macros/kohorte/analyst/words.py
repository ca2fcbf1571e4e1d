"""Say the answers: tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

if TYPE_CHECKING:
    from kohorte.analyst.counting import Count
    from kohorte.analyst.doctor import Finding
    from kohorte.analyst.explaining import Explanation, Node
    from kohorte.analyst.listing import Built
    from kohorte.analyst.overlap import Pair
    from kohorte.analyst.testing import Outcome


_WIDTH = 100
_BARS = "▁▂▃▄▅▆▇█"


def console() -> Console:
    """Return where to print: as wide as the terminal, or fixed where there is none."""
    return Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False, markup=False)


def print_json(value: object) -> None:
    """Print plain values as JSON."""
    print(json.dumps(value, default=_plain, ensure_ascii=False, indent=2))


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else str(value)


def table(
    title: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[object]]
) -> Table:
    """Return a table; each column is a name and `left` or `right`."""
    made = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for number, (name, justify) in enumerate(columns):
        is_whole = justify == "right" or number == 0
        made.add_column(
            name,
            justify="right" if justify == "right" else "left",
            no_wrap=is_whole,
            overflow="fold",
        )
    for row in rows:
        made.add_row(*(Text(cell(value)) for value in row))
    return made


def cell(value: object) -> str:
    """Return a value as a person reads it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float | Decimal):
        return f"{value:,.2f}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def sparkline(numbers: Sequence[int]) -> str:
    """Return a row of bars, from the least to the most."""
    if not numbers:
        return ""
    low, high = min(numbers), max(numbers)
    steps = len(_BARS) - 1
    return "".join(
        _BARS[(number - low) * steps // (high - low) if high > low else 0] for number in numbers
    )


def print_count(answer: Count, currency: str) -> None:
    """Print a count with its funnel, overlaps and examples."""
    out = console()
    out.print(f"{answer.segment}, seen as of {answer.as_of} UTC")
    out.print(f"  {answer.definition}", soft_wrap=True)
    out.print(f"\n{answer.members:,} of {answer.everybody:,} {answer.entity}s ({answer.share:.1%})")
    if answer.reachable:
        reach = ", ".join(f"{name} {number:,}" for name, number in answer.reachable.items())
        out.print(f"reachable by {reach}")
    if answer.value is not None and answer.members:
        each = answer.value / answer.members
        out.print(f"net revenue in 365 days {answer.value:,.2f} {currency}, {each:,.2f} per member")
    numbers = (("alone", "right"), ("with those above", "right"))
    if answer.funnel:
        rows = [(step.condition, step.alone, step.together) for step in answer.funnel]
        out.print(table("\nFunnel", (("condition", "left"), *numbers), rows))
    if answer.overlaps:
        columns = (("segment", "left"), ("members", "right"), ("shared", "right"))
        overlaps = [(each.segment, each.members, each.shared) for each in answer.overlaps]
        out.print(table("\nOverlap with built segments", columns, overlaps))
    if answer.examples:
        print_records("\nSome of them", answer.examples, out)


def print_records(
    title: str, records: Sequence[Mapping[str, Any]], out: Console | None = None
) -> None:
    """Print rows under their column names."""
    columns = [(name, "left") for name in records[0]] if records else []
    rows = [list(record.values()) for record in records]
    (out or console()).print(table(title, columns, rows))


def print_list(segments: Sequence[Mapping[str, Any]]) -> None:
    """Print all built segments."""
    columns = (
        ("segment", "left"), ("what it is", "left"), ("members", "right"), ("share", "right"),
        ("change", "right"), ("state", "left"), ("owner", "left"),
    )  # fmt: skip
    rows = [
        (
            each["segment"], each["label"], each["members"], f"{each['share_of_customers']:.1%}",
            "-" if each["change"] is None else f"{each['change']:+,}", each["state"],
            each["owner"],
        )
        for each in segments
    ]  # fmt: skip
    console().print(table(f"{len(rows)} segments", columns, rows))


def print_built(built: Built, sql: str | None) -> None:
    """Print one built segment, and its SQL if given."""
    out, facts = console(), built.facts
    out.print(f"{facts['segment']}: {facts['label']}")
    if facts["description"]:
        out.print(f"  {facts['description']}", soft_wrap=True)
    out.print(f"\nwho is in: {facts['definition']}", soft_wrap=True)
    out.print(f"members: {facts['members']:,} ({facts['share_of_customers']:.1%})")
    if built.sizes:
        numbers = [number for _, number in built.sizes]
        first, last = built.sizes[0][0], built.sizes[-1][0]
        out.print(
            f"history: {sparkline(numbers)}  {min(numbers):,} to {max(numbers):,},"
            f" {len(numbers)} runs, {first} to {last}"
        )
    out.print(f"made of: {cell(list(facts['uses'])) or '-'}")
    out.print(f"used by: {cell(built.used_by) or '-'}")
    for name in ("kind", "state", "reason", "owner", "declared_in", "tags"):
        if facts.get(name):
            out.print(f"{name.replace('_', ' ')}: {cell(facts[name])}", soft_wrap=True)
    if sql:
        out.print(f"\n{sql}", soft_wrap=True)
    else:
        out.print(f"\nkohorte show {facts['segment']} --sql prints what it compiles to")


def print_explanation(customer: str, explanation: Explanation) -> None:
    """Print the conditions of one segment as a tree, with what the customer has."""
    out = console()
    is_in = "is in" if explanation.is_member else "is not in"
    out.print(f"{customer} {is_in} {explanation.segment}")
    _print_stay(explanation, out)
    tree = Tree(Text(_node_words(explanation.conditions)))
    _grow(tree, explanation.conditions)
    out.print(tree)
    if missing := explanation.would_enter():
        out.print(f"\nwould enter with {missing}")


def _print_stay(explanation: Explanation, out: Console) -> None:
    if stay := explanation.stay:
        since = f"{stay.entered_at:%Y-%m-%d %H:%M} UTC"
        why = f", because of {stay.because}" if stay.because else ""
        out.print(f"a member of the built segment since {since}{why}")


def _grow(tree: Tree, node: Node) -> None:
    for child in node.children:
        _grow(tree.add(Text(_node_words(child))), child)


def _node_words(node: Node) -> str:
    mark = "yes" if node.holds else "no "
    found = f"  (has: {node.found})" if node.found else ""
    return f"{mark} {node.condition}{found}"


def print_explained(customer: str, explanations: Sequence[Explanation]) -> None:
    """Print every segment, members first, then the nearest misses."""
    out = console()
    members = [each for each in explanations if each.is_member]
    rows = [
        (
            each.segment,
            f"{each.stay.entered_at:%Y-%m-%d}" if each.stay else "not built yet",
            (each.stay and each.stay.because) or "-",
        )
        for each in members
    ]
    columns = (("in", "left"), ("since", "left"), ("because", "left"))
    out.print(table(f"{customer} is in {len(members)} segments", columns, rows))
    misses = [
        (each.segment, each.steps(), each.would_enter() or _first_failing(each))
        for each in explanations
        if not each.is_member
    ]
    columns = (("not in", "left"), ("conditions in the way", "right"), ("what it takes", "left"))
    out.print(table("\nNearest misses first", columns, misses))


def _first_failing(explanation: Explanation) -> str:
    failing = explanation.conditions.failing()
    return failing[0].condition if failing else "another ranking, limit or list"


def print_pairs(pairs: Sequence[Pair]) -> None:
    """Print how far each two segments hold the same members."""
    columns = (
        ("segment", "left"), ("and", "left"), ("members", "right"), ("and", "right"),
        ("shared", "right"), ("of either", "right"),
    )  # fmt: skip
    rows = [
        (p.first, p.second, p.members_first, p.members_second, p.shared, f"{p.jaccard:.1%}")
        for p in pairs
    ]
    console().print(table("", columns, rows))


def print_outcome(outcome: Outcome) -> None:
    """Print one test, and what is different if it failed."""
    out, example = console(), outcome.example
    took = f"{outcome.seconds * 1000:.0f} ms"
    mark = "ok    " if outcome.passed else "FAILED"
    out.print(f"{mark} {example.place.path}:{example.place.line} {example.name} ({took})")
    for difference in outcome.differences:
        for line in difference.splitlines():
            out.print(f"       {line}", soft_wrap=True)


def print_findings(findings: Sequence[Finding]) -> None:
    """Print what was looked at, and remedies."""
    out = console()
    for finding in findings:
        out.print(f"{'ok     ' if finding.is_well else 'PROBLEM'} {finding.what}: {finding.seen}")
        if finding.remedy:
            out.print(f"        remedy: {finding.remedy}")
