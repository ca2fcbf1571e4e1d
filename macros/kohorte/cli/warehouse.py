"""Commands that make raw data, build the warehouse and print what came of it."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import Annotated

import typer

from kohorte.cli.options import HERE, Root
from kohorte.every import Every

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
    """Build, check and publish the warehouse, and print what came of it (as `make run` does)."""
    from kohorte.run import run_project

    raise typer.Exit(
        run_project(
            project_dir.resolve(), systems.split(), raw, as_of, before_publishing=_say_quality
        )
    )


def _say_quality(warehouse: Path) -> None:
    """Evaluate and keep the expectations of a warehouse, and print those that fail."""
    from orchestration.quality.recording import check
    from orchestration.quality.suites import SUITES
    from orchestration.quality.words import failure_lines, summary_line

    typer.echo("quality: checking what was built", nl=False)
    found = check(warehouse, SUITES)
    typer.echo(f": {summary_line(found.results)}")
    for line in failure_lines(found.results, found.unusual):
        typer.echo(f"  {line}")


@app.command()
def forget(
    customers: Annotated[list[str], typer.Argument(help="Whom, as in dim_customers.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    systems: Annotated[str | None, typer.Option(help="As in kohorte run.")] = None,
    raw: Annotated[Path | None, typer.Option(help="As in kohorte run.")] = None,
    as_of: Annotated[str, typer.Option(help="As in kohorte run.")] = "",
    project_dir: Root = HERE,
) -> None:
    """Forget people for good: out of tools, lists, history, every table and publication.

    Their raw rows are read no more; a salted hash of each identifier sees to it. Ends with a
    search through all files of the project, and with 1 when somebody still stands there.

    Example: kohorte forget shop:C0000000012
    """
    from kohorte.forgetting.steps import forget as forget_
    from kohorte.project import read_project

    root = project_dir.resolve()
    many = f"{len(customers)} people" if len(customers) > 1 else "one person"
    if not yes:
        typer.confirm(f"Forget {many}, in every table, list and tool, for good?", abort=True)
    named = systems.split() if systems else list(read_project(root).vars.get("systems") or [])
    raise typer.Exit(forget_(root, customers, named, raw, as_of, typer.echo))


@app.command()
def replay(
    begin: Annotated[
        datetime.datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.")
    ],
    end: Annotated[
        datetime.datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day.")
    ],
    every: Annotated[Every, typer.Option(help="How far one moment is from the next.")] = Every.DAY,
    anew: Annotated[bool, typer.Option(help="Remove a replay that is there.")] = False,
    adopt: Annotated[
        bool, typer.Option(help="Let the result take the place of the build warehouse.")
    ] = False,
    segments: Annotated[
        list[str] | None,
        typer.Option("--segment", help="Give this one's past to the build warehouse."),
    ] = None,
    project_dir: Root = HERE,
) -> None:
    """Write the history of all segments from raw data, as if run on each of these days.

    It goes into a warehouse of its own, warehouse/replay/. Stopped, it goes on when the same is run
    again; a later --to writes on. With --segment the build warehouse stays as it is, and gets
    what the segment's history was before it knew of it.

    Example: kohorte replay --from 2026-01-01 --to 2026-03-31 --every week --segment vips
    """
    from rich.progress import Progress

    from kohorte.past import give_past, require_known
    from kohorte.project import WAREHOUSE_VARIABLE
    from kohorte.replay import adopt as adopt_
    from kohorte.replay import moments
    from kohorte.replay import replay as replay_

    if adopt and segments:
        raise typer.BadParameter("--adopt takes everything over, --segment one segment's past")
    root = project_dir.resolve()
    if segments:
        require_known(root, segments)
    days = moments(begin.date(), end.date(), every)
    with Progress(disable=not sys.stdout.isatty()) as bar:
        task = bar.add_task("replay", total=len(days))
        done = replay_(
            root, days, anew=anew, progress=lambda count, _: bar.update(task, completed=count)
        )
    typer.echo(f"{done.warehouse}: {done.moments:,} moments, {done.written:,} of them written now")
    if adopt:
        kept = adopt_(root)
        before = f"; the one before is kept as {kept.name}" if kept else ""
        typer.echo(f"it is the build warehouse now{before}")
        typer.echo("check and publish it with: kohorte run")
    elif segments:
        for past in give_past(root, segments):
            since = past.since.date()
            typer.echo(f"{past.segment}: its past begins on {since}, with {past.stays:,} stays")
        typer.echo("check and publish it with: kohorte run")
    else:
        typer.echo(f"ask it with: {WAREHOUSE_VARIABLE}={done.warehouse} kohorte summary")


@app.command()
def summary(project_dir: Root = HERE) -> None:
    """Print what the warehouse holds: each segment's size and share."""
    from kohorte.run import print_summary

    print_summary(project_dir.resolve())
