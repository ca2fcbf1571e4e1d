"""A demo shop: raw exports of a web shop with known quirks, made from a seed."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kohorte.errors import KohorteError

if TYPE_CHECKING:
    from kohorte.demo.summary import DemoSummary

__all__ = ["generate", "is_current"]

#: The dates that the demo's clocks and calendars can hold.
EARLIEST, LATEST = datetime.date(1980, 1, 1), datetime.date(2200, 1, 1)
MOST_CUSTOMERS = 20_000_000


def generate(
    out: Path,
    customers: int,
    seed: int,
    until: datetime.date,
    progress: Callable[[int, int], None] | None = None,
) -> DemoSummary:
    """Write the demo shop's raw tables into the folder `out` and say what is in them.

    The same arguments give the same rows. `until` is the last day with data; three
    years lead up to it. `progress` is told how many customers of how many are done.
    The folder appears only when it is complete. Raises KohorteError for a number out
    of range or a folder that holds something else.
    """
    from kohorte.demo.assembly import write_demo

    _check(customers, seed, until)
    return write_demo(out, customers, seed, until, progress)


def is_current(out: Path, customers: int, seed: int, until: datetime.date) -> bool:
    """Return whether the folder already holds the demo of these parameters."""
    from kohorte.demo.summary import parameters
    from kohorte.demo.writer import read_receipt

    receipt = read_receipt(out)
    if receipt is None or not all((out / table).is_dir() for table in receipt.get("rows", ())):
        return False
    wanted = parameters(customers, seed, until)
    return {name: receipt.get(name) for name in wanted} == wanted


def _check(customers: int, seed: int, until: datetime.date) -> None:
    """Raise KohorteError for parameters that no demo can be made from."""
    if not 1 <= customers <= MOST_CUSTOMERS:
        raise KohorteError(f"customers is {customers}: give 1 to {MOST_CUSTOMERS}.")
    if seed < 0:
        raise KohorteError(f"seed is {seed}: give 0 or more.")
    if not EARLIEST <= until <= LATEST:
        raise KohorteError(f"until is {until}: give a day from {EARLIEST} to {LATEST}.")
