"""Commands that show the marts to readers, and take them back."""

from __future__ import annotations

from typing import Annotated

import typer

from kohorte.cli.options import HERE, Root
from kohorte.errors import KohorteError

app = typer.Typer()


@app.command()
def publish(project_dir: Root = HERE) -> None:
    """Show BI tools and the sync what was built, if its checks passed."""
    from kohorte.publishing.publish import publish as publish_
    from kohorte.publishing.words import published_words

    typer.echo(published_words(publish_(project_dir.resolve())))


@app.command()
def update(
    watch: Annotated[
        float | None,
        typer.Option(min=1, help="Look for new files every so many seconds, until stopped."),
    ] = None,
    project_dir: Root = HERE,
) -> None:
    """Take in new events, bring the segments up to date, and publish: near real time."""
    from kohorte.publishing.words import updated_words
    from kohorte.update import update as update_
    from kohorte.update import watch as watch_

    root = project_dir.resolve()
    if watch is None:
        typer.echo(updated_words(update_(root)))
        return
    typer.echo(f"looking for new files every {watch:g} s; stop with Ctrl-C")
    for done in watch_(root, watch):
        failed = isinstance(done, KohorteError)
        typer.echo(str(done) if isinstance(done, KohorteError) else updated_words(done), err=failed)


@app.command()
def refresh(project_dir: Root = HERE) -> None:
    """Take in all that came since today's build, for those whom it concerns, and publish.

    Orders, events, messages and all other rows, late ones too; people who turn out to be one;
    attributes, segments and audiences. The first build of a day is `kohorte run`.
    """
    from kohorte.publishing.words import refreshed_words
    from kohorte.refreshing.refresh import refresh as refresh_

    typer.echo(refreshed_words(refresh_(project_dir.resolve())))


@app.command()
def rollback(
    generation: Annotated[
        int | None, typer.Argument(help="Its number; without one, the one before.")
    ] = None,
    project_dir: Root = HERE,
) -> None:
    """Show an earlier publication again; the next `kohorte publish` shows a new one."""
    from kohorte.publishing.publish import rollback as rollback_

    number = rollback_(project_dir.resolve(), generation)
    typer.echo(f"readers see publication {number} again")


@app.command()
def publications(project_dir: Root = HERE) -> None:
    """Print the publications that are kept, and which one readers see."""
    from kohorte.publishing.words import print_publications

    print_publications(project_dir.resolve())
