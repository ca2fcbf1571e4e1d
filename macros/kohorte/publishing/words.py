"""What a person is told of publications."""

from __future__ import annotations

import sys
from pathlib import Path

from kohorte.errors import KohorteError
from kohorte.project import serving_folder
from kohorte.publishing.generations import Generations
from kohorte.publishing.publish import Publication
from kohorte.refreshing.refresh import Refresh
from kohorte.update import Update


def published_words(publication: Publication) -> str:
    """Return one line on a publication, and one more on what warns."""
    tables, rows = len(publication.row_counts), sum(publication.row_counts.values())
    line = (
        f"published: generation {publication.generation}, as of {publication.as_of:%Y-%m-%d %H:%M}"
        f" UTC, {tables} tables, {rows:,} rows; {publication.count_checks_passed:,} checks passed"
    )
    if not publication.warnings:
        return line
    return f"{line}, {len(publication.warnings)} warn: {', '.join(publication.warnings)}"


def updated_words(done: Update) -> str:
    """Return what an update published, and how long it took."""
    return (
        f"{published_words(done.publication)}\n"
        f"updated in {done.build_seconds + done.publish_seconds:.0f} s: {done.build_seconds:.0f} s"
        f" to build and check, {done.publish_seconds:.0f} s to publish"
    )


def refreshed_words(done: Refresh) -> str:
    """Return what a refresh published, whom it looked at, and how long it took."""
    return (
        f"{published_words(done.publication)}\n"
        f"refreshed {done.touched:,} of {done.customers:,} customers in"
        f" {done.build_seconds + done.publish_seconds:.0f} s: {done.build_seconds:.0f} s to build"
        f" and check, {done.publish_seconds:.0f} s to publish"
    )


def print_publications(root: Path) -> None:
    """Print a table of the publications that are kept; `*` marks what readers see.

    Raises KohorteError when there are none.
    """
    from rich.console import Console
    from rich.table import Table

    generations = Generations(serving_folder(root))
    numbers = generations.numbers()
    if not numbers:
        raise KohorteError("nothing has been published yet; run: kohorte publish")
    table = Table()
    for name in ("generation", "as of (UTC)", "published at (UTC)", "git revision"):
        table.add_column(name, no_wrap=True)
    for number in numbers:
        manifest = generations.manifest(number)
        mark = " *" if number == generations.current() else ""
        table.add_row(
            f"{number}{mark}",
            str(manifest["as_of"])[:16],
            str(manifest["published_at"])[:16],
            str(manifest["git_revision"] or "")[:12],
        )
    Console(width=None if sys.stdout.isatty() else 100, highlight=False).print(table)
