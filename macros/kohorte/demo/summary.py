"""What a demo was made from, and what is in it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

#: Changes whenever the same parameters give other rows.
GENERATION = 1


@dataclass(frozen=True)
class DemoSummary:
    """A demo's parameters, its rows per raw table, and its dirt per table and kind."""

    customers: int
    seed: int
    until: datetime.date
    rows: dict[str, int]
    dirt: dict[str, dict[str, int]]

    def receipt(self) -> dict[str, Any]:
        """Return the summary as plain values, to be kept beside the data."""
        covers_until = self.until + datetime.timedelta(days=1)
        return {
            **parameters(self.customers, self.seed, self.until),
            "covers_until": f"{covers_until} 00:00:00",
            "rows": self.rows,
            "dirt": self.dirt,
        }


def parameters(customers: int, seed: int, until: datetime.date) -> dict[str, Any]:
    """Return what decides every row of a demo."""
    return {
        "generation": GENERATION,
        "customers": customers,
        "seed": seed,
        "until": until.isoformat(),
    }
