"""Puts a demo shop together, chunk by chunk."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kohorte.demo.agreements import consent_rows, make_agreements
from kohorte.demo.baskets import fill_baskets
from kohorte.demo.bills import line_rows, order_rows, settle
from kohorte.demo.campaigns import Campaigns, plan_campaigns
from kohorte.demo.catalogue import Catalogue, make_catalogue, product_rows
from kohorte.demo.dirt import soil
from kohorte.demo.draw import Rows, stream
from kohorte.demo.events import event_rows
from kohorte.demo.loyalty import ledger_rows
from kohorte.demo.mailings import message_rows, send_messages
from kohorte.demo.orders import identifier_columns, place_orders
from kohorte.demo.people import populate
from kohorte.demo.profiles import account_rows, describe
from kohorte.demo.seasons import Calendar, calendar_until
from kohorte.demo.summary import DemoSummary
from kohorte.demo.surveys import answer_rows, referral_rows
from kohorte.demo.visits import Scene, device_logins, make_visits
from kohorte.demo.writer import PartWriter, replacing, write_receipt

#: People per chunk. Part of what a demo is: another size gives other people.
CHUNK = 20_000
#: Numbers per chunk: enough for any table's rows, so that no two chunks share one.
BLOCK = 4_000_000
#: Where the numbers of added dirt begin inside a block.
SPARE = 3_500_000
SPARE_POSITION = 1_000

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class _Shop:
    """What all chunks share."""

    seed: int
    calendar: Calendar
    catalogue: Catalogue
    campaigns: Campaigns


def write_demo(
    out: Path, customers: int, seed: int, until: datetime.date, progress: Progress | None
) -> DemoSummary:
    """Write all raw tables and the receipt, and return what was written."""
    calendar = calendar_until(until)
    shop = _Shop(seed, calendar, make_catalogue(seed), plan_campaigns(calendar))
    covers_until = datetime.datetime.combine(until, datetime.time()) + datetime.timedelta(days=1)
    rows: Counter[str] = Counter()
    dirt: dict[str, Counter[str]] = {}
    with replacing(out) as folder:
        writer = PartWriter(folder, covers_until)
        try:
            rows["products"] = writer.write("products", 1, product_rows(shop.catalogue))
            rows["exports"] = writer.write("exports", 1, _export_row(calendar))
            for chunk, (first, size) in enumerate(_chunks(customers)):
                for table, clean in _tables(shop, chunk, first, size):
                    spare = SPARE_POSITION if table == "order_items" else chunk * BLOCK + SPARE
                    rng = stream(seed, f"dirt {table}", chunk)
                    soiled, counts = soil(table, clean, rng, calendar.end, spare)
                    rows[table] += writer.write(table, chunk + 1, soiled)
                    dirt.setdefault(table, Counter()).update(counts)
                if progress is not None:
                    progress(first + size - 1, customers)
        finally:
            writer.close()
        found = {table: dict(counts) for table, counts in dirt.items() if counts}
        summary = DemoSummary(customers, seed, until, dict(rows), found)
        write_receipt(folder, summary.receipt())
    return summary


def _chunks(customers: int) -> Iterator[tuple[int, int]]:
    """Yield the first number and the size of each chunk of people."""
    for first in range(1, customers + 1, CHUNK):
        yield first, min(CHUNK, customers + 1 - first)


def _export_row(calendar: Calendar) -> Rows:
    """Return the one row that says how far the export goes."""
    return {"covers_until_at": np.array([calendar.end], dtype=np.int64)}


def _tables(shop: _Shop, chunk: int, first: int, size: int) -> Iterator[tuple[str, Rows]]:
    """Yield the clean rows of each table of one chunk of people."""

    def rng(name: str) -> np.random.Generator:
        return stream(shop.seed, name, chunk)

    calendar, catalogue, campaigns = shop.calendar, shop.catalogue, shop.campaigns
    number = chunk * BLOCK + 1
    people = populate(first, size, rng("people"), calendar)
    profiles = describe(people, rng("profiles"))
    yield "accounts", account_rows(people, profiles, rng("accounts"), calendar)
    orders = place_orders(people, number, rng("orders"), calendar)
    lines = fill_baskets(orders, people, catalogue, rng("baskets"))
    bills = settle(orders, people, lines, catalogue, rng("bills"), calendar)
    identifiers = identifier_columns(orders, people, profiles, rng("identifiers"))
    yield "orders", order_rows(orders, lines, bills, identifiers)
    yield "order_items", line_rows(orders, lines, bills, catalogue)
    yield "loyalty_ledger", ledger_rows(people, orders, bills, number, rng("ledger"), calendar)
    logins = device_logins(people, rng("logins"), calendar)
    scene = Scene(people, orders, lines, catalogue, calendar, logins)
    visits = make_visits(scene, rng("visits"))
    events = rng("events")
    yield (
        "web_events",
        event_rows(visits, people, orders, catalogue, campaigns, number, events, calendar),
    )
    agreements = make_agreements(people, rng("agreements"), calendar)
    messages, agreements = send_messages(agreements, campaigns, rng("messages"), calendar)
    yield (
        "messages",
        message_rows(messages, agreements, campaigns, people, profiles, number),
    )
    yield "consent_log", consent_rows(agreements, people, profiles, number, rng("consents"))
    yield "survey_answers", answer_rows(people, number, rng("answers"), calendar)
    yield "referrals", referral_rows(people, number, rng("referrals"), calendar)
