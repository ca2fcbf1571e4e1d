"""A raw shop of literal rows, for tests that must know every one of them."""

from __future__ import annotations

import datetime
import random
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

Row = dict[str, str | None]


def make_template(folder: Path) -> Path:
    """Make a demo shop just large enough to have something in every column."""
    from kohorte.demo import generate

    generate(folder, customers=50, seed=1, until=datetime.date(2026, 6, 30))
    return folder


@dataclass
class RawShop:
    """Rows of raw tables; each method adds one and returns its number."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def account(
        self,
        number: str,
        at: str | None,
        *,
        email: str | None = None,
        phone: str | None = None,
        card: str | None = None,
    ) -> str:
        return self._add(
            "accounts",
            account_no=number, created_at=at, email=email, phone=phone, loyalty_card_no=card,
        )  # fmt: skip

    def order(
        self,
        at: str,
        *,
        account: str | None = None,
        email: str | None = None,
        phone: str | None = None,
        card: str | None = None,
        device: str | None = None,
    ) -> str:
        return self._add(
            "orders",
            order_no=self._number("orders"), placed_at=at, account_no=account, email=email,
            phone=phone, loyalty_card_no=card, visitor_id=device, state="delivered",
            sales_channel="web", currency="EUR", goods_value="10", discount="0", tax="0",
            shipping_fee="0", total="10", refunded="0",
        )  # fmt: skip

    def event(self, at: str, *, device: str | None, account: str | None = None) -> str:
        return self._add(
            "web_events",
            event_no=self._number("web_events"), happened_at=at, visitor_id=device,
            account_no=account, action="page",
        )  # fmt: skip

    def message(self, at: str, *, account: str | None = None, email: str | None = None) -> str:
        return self._add(
            "messages",
            message_no=self._number("messages"), sent_at=at, account_no=account,
            recipient=email, medium="mail",
        )  # fmt: skip

    def consent(self, at: str, *, account: str | None = None, email: str | None = None) -> str:
        return self._add(
            "consent_log",
            entry_no=self._number("consent_log"), logged_at=at, account_no=account, email=email,
            medium="mail", change="opt_in",
        )  # fmt: skip

    def write(self, template: Path, folder: Path, shuffled: random.Random | None = None) -> None:
        """Write every raw table in place of what is there; shuffled, into two files."""
        for table in sorted(path.name for path in template.iterdir() if path.is_dir()):
            rows = list(self.rows[table])
            parts = [rows]
            if shuffled:
                shuffled.shuffle(rows)
                parts = [rows[::2], rows[1::2]]
            for old in (folder / table).glob("*.parquet"):
                old.unlink()
            (folder / table).mkdir(parents=True, exist_ok=True)
            for number, part in enumerate(parts):
                _write(template / table, folder / table / f"{number}.parquet", part)

    def _add(self, table: str, **values: str | None) -> str:
        self.rows[table].append(values)
        return str(next(iter(values.values())))

    def _number(self, table: str) -> str:
        return f"{len(self.rows[table]) + 1:06}"


def _write(template: Path, out: Path, rows: list[Row]) -> None:
    """Write rows with the columns and types of a template's table."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    values = [[row.get(name) for row in rows] for name in names]
    with duckdb.connect() as connection:
        connection.execute(
            f"create table raw as select * from read_parquet('{template / '*.parquet'}') limit 0"
        )
        if rows:
            columns = ", ".join(f"unnest(?::varchar[]) as {name}" for name in names)
            connection.execute(f"insert into raw by name select {columns}", values)
        connection.execute(f"copy raw to '{out}' (format parquet)")
