"""Commands that bring audiences into the tools that write to people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from kohorte.cli.options import HERE, AsJson, Root
from kohorte.errors import KohorteError

if TYPE_CHECKING:
    from activation.run import Sync

app = typer.Typer()
commands = typer.Typer(
    name="sync", help="Bring audiences into the tools that write to people.", no_args_is_help=True
)
app.add_typer(commands)

Names = Annotated[list[str] | None, typer.Argument(metavar="AUDIENCE...", help="Or all.")]
Name = Annotated[str, typer.Argument(metavar="AUDIENCE")]
MaxAge = Annotated[
    float, typer.Option("--max-age", min=0, help="Days that the published data may be old.")
]
_DAYS = 3.0


@commands.command()
def plan(
    audiences: Names = None,
    max_age: MaxAge = _DAYS,
    as_json: AsJson = False,
    project_dir: Root = HERE,
) -> None:
    """Show what a run would change, and what would stop it; nothing is sent."""
    from activation.project import chosen, sync_of
    from activation.words import plan_lines

    sync = sync_of(project_dir.resolve(), max_age=timedelta(days=max_age))
    found = [
        sync.planned(audience)
        for audience in chosen(sync, audiences or [])
        if audience.state != "stale"
    ]
    if as_json:
        _print_json([{**asdict(plan), "objections": said} for plan, said in found])
        return
    for line in plan_lines(found):
        typer.echo(line)


@commands.command()
def run(
    audiences: Names = None,
    max_age: MaxAge = _DAYS,
    as_json: AsJson = False,
    project_dir: Root = HERE,
) -> None:
    """Make the tools agree with the audiences; ends with 1 if any is not as planned."""
    from activation.project import chosen, sync_of
    from activation.words import report_lines

    sync = sync_of(project_dir.resolve(), max_age=timedelta(days=max_age))
    reports, troubles = [], []
    with _progress(sync, is_quiet=as_json) as sync:
        for audience in chosen(sync, audiences or []):
            try:
                reports.append(sync.run(audience))
            except KohorteError as error:
                troubles.append(str(error))
    if as_json:
        _print_json([asdict(report) for report in reports])
    elif reports or not troubles:
        for line in report_lines(reports):
            typer.echo(line)
    if troubles:
        raise KohorteError("\n".join(troubles))
    good = {"succeeded", "skipped"}
    raise typer.Exit(int(any(report.state not in good for report in reports)))


@commands.command()
def approve(
    audience: Name,
    digest: Annotated[str, typer.Argument(metavar="PLAN", help="As `kohorte sync plan` says.")],
    project_dir: Root = HERE,
) -> None:
    """Let the next run carry out a plan that was stopped: this very plan, and once."""
    from activation.care import approve as approve_
    from activation.project import chosen, sync_of

    sync = sync_of(project_dir.resolve())
    approve_(sync, chosen(sync, [audience])[0], digest)
    typer.echo(f"{audience}: approved; carry it out with: kohorte sync run {audience}")


@commands.command()
def resync(audience: Name, project_dir: Root = HERE) -> None:
    """Have the next run send everybody of an audience anew."""
    from activation.care import resync as resync_
    from activation.project import chosen, sync_of

    sync = sync_of(project_dir.resolve())
    count = resync_(sync, chosen(sync, [audience])[0])
    typer.echo(f"{audience}: the next run sends {count:,} anew")


@commands.command()
def audit(
    audiences: Names = None,
    repair: Annotated[bool, typer.Option(help="Have the next run send who is missing.")] = False,
    as_json: AsJson = False,
    project_dir: Root = HERE,
) -> None:
    """Compare the tools with what we put there; ends with 1 if somebody is missing."""
    from activation.care import audit as audit_
    from activation.project import chosen, sync_of
    from activation.words import audit_lines

    sync = sync_of(project_dir.resolve())
    found = [audit_(sync, audience, repair=repair) for audience in chosen(sync, audiences or [])]
    if as_json:
        _print_json([asdict(each) for each in found])
    else:
        for line in audit_lines(found, repaired=repair):
            typer.echo(line)
    raise typer.Exit(int(any(each.missing for each in found)))


@commands.command()
def forget(
    customer: Annotated[str, typer.Argument(help="As in dim_customers.")], project_dir: Root = HERE
) -> None:
    """Take a person out of every audience that we put them into, for good."""
    from activation.care import forget as forget_
    from activation.project import sync_of

    count = forget_(sync_of(project_dir.resolve()), customer)
    typer.echo(f"forgotten; was in {count:,} {'audience' if count == 1 else 'audiences'}")


@commands.command()
def detach(audience: Name, project_dir: Root = HERE) -> None:
    """Let go of an audience: the tool keeps its members, and we know nothing of them."""
    from activation.care import detach as detach_
    from activation.project import sync_of

    count = detach_(sync_of(project_dir.resolve()), audience)
    typer.echo(f"{audience}: let go of {count:,} members; they stay in the tool")


@commands.command()
def status(as_json: AsJson = False, project_dir: Root = HERE) -> None:
    """Show each audience's last run, and how many of its members are in which state."""
    from activation.care import status as status_
    from activation.project import sync_of
    from activation.words import status_lines

    found = status_(sync_of(project_dir.resolve()))
    if as_json:
        _print_json(found)
        return
    for line in status_lines(found):
        typer.echo(line)


@contextmanager
def _progress(sync: Sync, *, is_quiet: bool) -> Iterator[Sync]:
    """Yield the sync with a progress bar, if somebody looks at a terminal."""
    import sys

    from rich.progress import Progress

    with Progress(disable=is_quiet or not sys.stdout.isatty()) as bar:
        tasks = {}

        def show(audience: str, done: int, total: int) -> None:
            if audience not in tasks:
                tasks[audience] = bar.add_task(audience, total=total)
            bar.update(tasks[audience], completed=done)

        yield replace(sync, progress=show)


def _print_json(value: object) -> None:
    """Print a value as JSON; instants are UTC."""
    import json

    typer.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))
