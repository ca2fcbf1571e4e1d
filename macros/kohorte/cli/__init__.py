"""The command line `kohorte`: a module for each group of commands."""

from __future__ import annotations

import gc
import sys

import typer

from kohorte.cli import authoring, publishing, quality, questions, specs, sync, warehouse
from kohorte.errors import KohorteError

#: The groups, in the order of the help page. Each module has a Typer `app`; what a command
#: needs is imported inside of it, so that the others start fast.
GROUPS = (warehouse, specs, authoring, questions, quality, publishing, sync)

app = typer.Typer(
    name="kohorte",
    help="Customer segmentation as code, in the warehouse.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for group in GROUPS:
    app.add_typer(group.app)


def main() -> None:
    """Run the command line; a user's mistake ends it with its message and status 1."""
    # Most commands end before there is anything to collect; looking takes a tenth of them.
    gc.set_threshold(100_000)
    try:
        app()
    except KohorteError as error:
        typer.echo(str(error), err=True)
        sys.exit(1)
