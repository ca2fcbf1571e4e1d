"""Commands that make raw data, build the warehouse and print what came of it."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer

from kohorte.cli.options import HERE, Root

app = typer.Typer()


@app.command()
def demo(
    customers: Annotated[int, typer.Option(min=1, help="How many people.")] = 5000,
    seed: Annotated[int, typer.Option(help="Another seed makes another shop.")] = 7,
    until: Annotated[
        datetime.datetime, typer.Option(formats=["%Y-%m-%d"], help="The last day.")
    ] = datetime.datetime(2026, 6, 30),
    out: Annotated[Path, typer.Option(help="The folder to write.")] = Path("raw/shop"),
) -> None:
    """Make the raw data of a demo shop; the same arguments make the same data."""
    from kohorte.run import make_demo

    make_demo(out, customers, seed, until.date())


@app.command()
def run(
    systems: Annotated[str, typer.Option(help="Source systems, with spaces between.")] = "shop",
    raw: Annotated[
        Path | None,
        typer.Option(help="The raw files' folder; for several systems, the one above."),
    ] = None,
    as_of: Annotated[str, typer.Option(help="The instant to see everything from.")] = "",
    project_dir: Root = HERE,
) -> None:
    """Build the warehouse and print what came of it (what `make run` does)."""
    from kohorte.run import run_project

    raise typer.Exit(run_project(project_dir.resolve(), systems.split(), raw, as_of))


@app.command()
def summary(project_dir: Root = HERE) -> None:
    """Print what the warehouse holds: each segment's size and share."""
    from kohorte.run import print_summary

    print_summary(project_dir.resolve())
