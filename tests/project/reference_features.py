"""Attributes of customers counted once more, in plain Python from the rows of the facts.

Slow and simple on purpose: one customer after another, every rule as the documentation
says it. Money stays decimal; shares and averages are floats.
"""

from __future__ import annotations

import datetime
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

Row = Mapping[str, Any]
Attributes = dict[str, Any]
UTC = datetime.UTC
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CHANNELS = ("email", "sms", "push", "post")


@dataclass(frozen=True)
class Clock:
    """The instant everything is seen from, and the project's wall clock."""

    as_of: datetime.datetime
    zone: ZoneInfo

    def local(self, instant: datetime.datetime) -> datetime.datetime:
        """Return what the wall clock shows at a naive instant of UTC."""
        return instant.replace(tzinfo=UTC).astimezone(self.zone).replace(tzinfo=None)

    def utc(self, wall: datetime.datetime) -> datetime.datetime:
        """Return the naive instant of UTC at which the wall clock shows this."""
        return wall.replace(tzinfo=self.zone).astimezone(UTC).replace(tzinfo=None)

    @property
    def today(self) -> datetime.date:
        """Return the local day."""
        return self.local(self.as_of).date()

    def days_ago(self, days: int) -> datetime.datetime:
        """Return the instant so many days back on the wall clock."""
        return self.utc(self.local(self.as_of) - datetime.timedelta(days=days))

    def last_year(self, days: int = 0) -> datetime.datetime:
        """Return the instant a year and so many days back on the wall clock."""
        wall = self.local(self.as_of)
        day = 28 if (wall.month, wall.day) == (2, 29) else wall.day
        wall = wall.replace(year=wall.year - 1, day=day)
        return self.utc(wall - datetime.timedelta(days=days))


class Facts:
    """The rows of a warehouse, by table and customer."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, schema: str, zone: str) -> None:
        self._connection, self._schema = connection, schema
        ((as_of,),) = self._values("as_of", "int_clock")
        self.clock = Clock(as_of, ZoneInfo(zone))
        self.customers = sorted(str(key) for (key,) in self._values("customer_id", "dim_customers"))
        self.prices = dict(self._values("product_id, price", "dim_products"))
        weights = self._values("signal, weight, half_life_days", "lead_score_weights")
        self.weights = {signal: (weight, half_life) for signal, weight, half_life in weights}
        self.tables = {
            name: self._by_customer(f"fct_{name}")
            for name in ("orders", "order_lines", "events", "points", "messages", "consents")
        }
        self.answers = self._by_customer("fct_answers")

    def _values(self, columns: str, table: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(f"select {columns} from {self._schema}{table}").fetchall()

    def _by_customer(self, table: str) -> dict[str, list[Row]]:
        cursor = self._connection.execute(f"select * from {self._schema}{table}")
        names = [column[0] for column in cursor.description or ()]
        rows: dict[str, list[Row]] = defaultdict(list)
        for values in cursor.fetchall():
            row = dict(zip(names, values, strict=True))
            rows[row["customer_id"]].append(row)
        return rows

    def of(self, table: str, customer: str) -> list[Row]:
        """Return a customer's rows of a table."""
        return self.tables[table].get(customer, [])


def attributes(facts: Facts) -> dict[str, Attributes]:
    """Return the attributes of every customer that need more than a sum to check."""
    medians = _category_medians(facts)
    return {
        customer: {
            **_orders(facts, customer),
            **_habits(facts, customer),
            **_products(facts, customer, medians),
            **_behaviour(facts, customer),
            **_cart(facts, customer),
            **_lead_score(facts, customer),
            **_points(facts, customer),
            **_messages(facts, customer),
            **_responses(facts, customer),
            **_consents(facts, customer),
        }
        for customer in facts.customers
    }


def _since(rows: Iterable[Row], time: str, start: datetime.datetime) -> list[Row]:
    return [row for row in rows if row[time] >= start]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _most(rows: Iterable[Row], value: Callable[[Row], Any], time: str) -> Any:
    """Return the value of most rows, on ties the one used last, then the smallest."""
    counts: Counter[Any] = Counter()
    last: dict[Any, datetime.datetime] = {}
    for row in rows:
        found = value(row)
        if found is not None:
            counts[found] += 1
            last[found] = max(last.get(found, row[time]), row[time])
    if not counts:
        return None
    best = max((count, last[found]) for found, count in counts.items())
    return min(found for found, count in counts.items() if (count, last[found]) == best)


def _distinct(values: Iterable[Any]) -> list[Any]:
    return sorted({value for value in values if value is not None})


# --- orders ---------------------------------------------------------------------------


def _orders(facts: Facts, customer: str) -> Attributes:
    clock, rows = facts.clock, facts.of("orders", customer)
    kept = [row for row in rows if not row["is_cancelled"]]
    found: Attributes = {}
    windows: dict[str, list[Row]] = {
        f"{days}d": _since(kept, "ordered_at", clock.days_ago(days))
        for days in (7, 30, 90, 180, 365)
    }
    for name, orders in {**windows, "lifetime": kept}.items():
        revenue = [order["net_revenue"] for order in orders]
        found[f"count_orders_{name}"] = len(orders)
        found[f"net_revenue_{name}"] = sum(revenue, Decimal(0))
        found[f"items_bought_{name}"] = sum((o["item_count"] for o in orders), Decimal(0))
        found[f"largest_order_value_{name}"] = max(revenue, default=None)
        average = float(sum(revenue)) / len(revenue) if revenue else None
        found[f"average_order_value_{name}"] = average
    year = windows["365d"]
    cancelled = [
        row for row in _since(rows, "ordered_at", clock.days_ago(365)) if row["is_cancelled"]
    ]
    start, middle = clock.days_ago(180), clock.days_ago(90)
    last_start, last_end = clock.last_year(90), clock.last_year()
    return {
        **found,
        "net_revenue_previous_90d": sum(
            (o["net_revenue"] for o in kept if start <= o["ordered_at"] < middle), Decimal(0)
        ),
        "net_revenue_90d_last_year": sum(
            (o["net_revenue"] for o in kept if last_start <= o["ordered_at"] < last_end),
            Decimal(0),
        ),
        "count_cancelled_orders_365d": len(cancelled),
        "share_cancelled_orders_365d": _share(len(cancelled), len(cancelled) + len(year)),
        "share_discounted_orders_365d": _share(sum(o["is_discounted"] for o in year), len(year)),
        "share_returned_orders_365d": _share(sum(o["is_returned"] for o in year), len(year)),
        "share_coupon_orders_365d": _share(
            sum(o["coupon_code"] is not None for o in year), len(year)
        ),
        "first_order_at": min((o["ordered_at"] for o in kept), default=None),
        "last_order_at": max((o["ordered_at"] for o in kept), default=None),
    }


def _habits(facts: Facts, customer: str) -> Attributes:
    clock = facts.clock
    kept = [row for row in facts.of("orders", customer) if not row["is_cancelled"]]
    year = _since(kept, "ordered_at", clock.days_ago(365))
    days = sorted({clock.local(row["ordered_at"]).date() for row in kept})
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    since = (clock.today - days[-1]).days if days else None
    typical = statistics.median(gaps) if gaps else None

    def most(value: Callable[[Row], Any]) -> Any:
        return _most(kept, value, "ordered_at")

    return {
        "days_since_last_order": since,
        "average_days_between_orders": statistics.fmean(gaps) if gaps else None,
        "typical_days_between_orders": typical,
        "overdue_ratio_next_order": since / typical if since is not None and typical else None,
        "preferred_order_channel": most(lambda row: row["channel"]),
        "preferred_store_id": most(lambda row: row["store_id"]),
        "preferred_order_currency": most(lambda row: row["currency"]),
        "preferred_order_weekday": most(
            lambda row: WEEKDAYS[clock.local(row["ordered_at"]).weekday()]
        ),
        "preferred_order_hour": most(lambda row: clock.local(row["ordered_at"]).hour),
        "order_channels_365d": _distinct(row["channel"] for row in year),
        "stores_365d": _distinct(row["store_id"] for row in year),
        "coupons_used_365d": _distinct(row["coupon_code"] for row in year),
    }


# --- products -------------------------------------------------------------------------


def _bought(facts: Facts, customer: str) -> list[Row]:
    lines = _since(facts.of("order_lines", customer), "ordered_at", facts.clock.days_ago(365))
    return [line for line in lines if not line["is_cancelled"]]


def _kept(lines: Iterable[Row]) -> tuple[Decimal, float]:
    """Return how many pieces were kept, and what they cost before discount."""
    quantity, amount = Decimal(0), 0.0
    for line in lines:
        kept = line["quantity"] - line["returned_quantity"]
        quantity += kept
        amount += float(line["net_amount"])
        amount += float(line["discount_amount"]) * float(kept) / float(line["quantity"])
    return quantity, amount


def _by_product(lines: Iterable[Row]) -> dict[str, list[Row]]:
    products: dict[str, list[Row]] = defaultdict(list)
    for line in lines:
        if line["product_id"] is not None:
            products[line["product_id"]].append(line)
    return products


def _category_medians(facts: Facts) -> dict[str, float]:
    prices: dict[str, list[float]] = defaultdict(list)
    for customer in facts.customers:
        for lines in _by_product(_bought(facts, customer)).values():
            quantity, amount = _kept(lines)
            if quantity > 0 and lines[0]["category"] is not None:
                prices[lines[0]["category"]].append(amount / float(quantity))
    return {category: statistics.median(found) for category, found in prices.items()}


def _products(facts: Facts, customer: str, medians: Mapping[str, float]) -> Attributes:
    year = _bought(facts, customer)
    recent = _since(year, "ordered_at", facts.clock.days_ago(90))
    products = _by_product(year)
    reordered = sum(len({line["order_id"] for line in lines}) > 1 for lines in products.values())
    level, pieces = 0.0, 0.0
    for lines in products.values():
        quantity, amount = _kept(lines)
        if quantity > 0 and lines[0]["category"] in medians:
            level += amount / medians[lines[0]["category"]]
            pieces += float(quantity)
    found: Attributes = {
        "share_reordered_products_365d": _share(reordered, len(products)),
        "price_level_365d": level / pieces if pieces else None,
    }
    for one, many in (("category", "categories"), ("brand", "brands"), ("product_id", "products")):
        found[f"{many}_bought_365d"] = _distinct(line[one] for line in year)
        found[f"{many}_bought_90d"] = _distinct(line[one] for line in recent)
        found[f"count_{many}_bought_365d"] = len(found[f"{many}_bought_365d"])
    for one in ("category", "brand"):
        totals: dict[str, tuple[Decimal, Decimal]] = {}
        for line in year:
            if line[one] is not None:
                revenue, bought = totals.get(line[one], (Decimal(0), Decimal(0)))
                totals[line[one]] = (revenue + line["net_amount"], bought + line["quantity"])
        best = max(totals.values(), default=None)
        top = min((name for name, total in totals.items() if total == best), default=None)
        found[f"top_{one}_365d"] = top
    return found


# --- behaviour ------------------------------------------------------------------------


def _behaviour(facts: Facts, customer: str) -> Attributes:
    clock, events = facts.clock, facts.of("events", customer)
    found: Attributes = {}
    for days in (7, 30, 90, 365):
        rows = _since(events, "occurred_at", clock.days_ago(days))
        names = Counter(row["event_name"] for row in rows)
        pages = names["page_viewed"] + names["category_viewed"] + names["product_viewed"]
        found[f"count_sessions_{days}d"] = len(_distinct(row["session_id"] for row in rows))
        if days in (30, 90):
            viewed = [row for row in rows if row["event_name"] in VIEWS]
            found |= {
                f"count_page_views_{days}d": pages,
                f"count_product_views_{days}d": names["product_viewed"],
                f"count_searches_{days}d": names["searched"],
                f"days_active_{days}d": len({clock.local(r["occurred_at"]).date() for r in rows}),
                f"categories_browsed_{days}d": _distinct(row["category"] for row in viewed),
            }
    recent = _since(events, "occurred_at", clock.days_ago(90))
    devices = [row["device_type"] for row in recent if row["device_type"]]
    last = max((row["occurred_at"] for row in events), default=None)
    return {
        **found,
        "first_seen_at": min((row["occurred_at"] for row in events), default=None),
        "last_seen_at": last,
        "days_since_last_seen": (clock.today - clock.local(last).date()).days if last else None,
        "device_types_90d": _distinct(devices),
        "share_mobile_events_90d": _share(devices.count("mobile"), len(devices)),
        "top_category_browsed_90d": _most(
            [row for row in recent if row["event_name"] in VIEWS],
            lambda row: row["category"],
            "occurred_at",
        ),
    }


VIEWS = ("product_viewed", "category_viewed")


def _cart(facts: Facts, customer: str) -> Attributes:
    """Count carts, where prices are in the project's currency."""
    clock, events = facts.clock, facts.of("events", customer)
    placed = [row["ordered_at"] for row in facts.of("orders", customer)]
    placed += [row["occurred_at"] for row in events if row["event_name"] == "order_placed"]
    last = max(placed, default=datetime.datetime.min)
    opened = [row for row in events if row["occurred_at"] > last]
    carts = [row for row in opened if row["event_name"] in ("cart_added", "checkout_started")]
    checkouts = [row for row in carts if row["event_name"] == "checkout_started"]
    contents: Counter[str] = Counter()
    for row in _since(opened, "occurred_at", clock.days_ago(90)):
        contents[row["product_id"]] += row["event_name"] == "cart_added"
        contents[row["product_id"]] -= row["event_name"] == "cart_removed"
    left = {product: count for product, count in contents.items() if product and count > 0}
    found: Attributes = {
        "abandoned_cart_products_90d": sorted(left),
        "abandoned_cart_value_90d": sum(
            ((facts.prices.get(p) or Decimal(0)) * count for p, count in left.items()), Decimal(0)
        ),
    }
    for name, rows in (("cart", carts), ("checkout", checkouts)):
        in_90d = _since(rows, "occurred_at", clock.days_ago(90))
        found |= {
            f"count_abandoned_{name}s_90d": len(_distinct(row["session_id"] for row in in_90d)),
            f"has_abandoned_{name}_7d": bool(_since(rows, "occurred_at", clock.days_ago(7))),
            f"last_abandoned_{name}_at": max((r["occurred_at"] for r in rows), default=None),
        }
    return found


def _lead_score(facts: Facts, customer: str) -> Attributes:
    clock = facts.clock
    messages = facts.of("messages", customer)
    signals = [(row["event_name"], row["occurred_at"]) for row in facts.of("events", customer)]
    signals += [("message_opened", row["opened_at"]) for row in messages if row["opened_at"]]
    signals += [("message_clicked", row["clicked_at"]) for row in messages if row["clicked_at"]]
    signals += [
        ("consent_granted", row["changed_at"])
        for row in facts.of("consents", customer)
        if row["state"] == "granted"
    ]
    signals += [
        ("question_answered", row["answered_at"]) for row in facts.answers.get(customer, [])
    ]
    score = 0.0
    for signal, at in signals:
        age = (clock.today - clock.local(at).date()).days
        if signal in facts.weights and age <= 365:
            weight, half_life = facts.weights[signal]
            score += float(weight) * 0.5 ** (age / float(half_life))
    return {"lead_score": score}


# --- loyalty and campaigns ------------------------------------------------------------


def _points(facts: Facts, customer: str) -> Attributes:
    clock, entries = facts.clock, facts.of("points", customer)
    found: Attributes = {"points_balance": sum(row["points"] for row in entries)}
    for kind in ("earned", "redeemed", "expired"):
        rows = [row for row in entries if row["entry_type"] == kind]
        for days in (30, 90, 365):
            recent = _since(rows, "occurred_at", clock.days_ago(days))
            found[f"points_{kind}_{days}d"] = abs(sum(row["points"] for row in recent))
    moved = [row for row in entries if row["entry_type"] in ("earned", "redeemed")]
    last = max((row["occurred_at"] for row in moved), default=None)
    spent = [row for row in entries if row["entry_type"] == "redeemed"]
    return {
        **found,
        "days_without_points_movement": (
            (clock.today - clock.local(last).date()).days if last else None
        ),
        "count_redemptions_lifetime": len(spent),
        "rewards_redeemed": _distinct(row["reward"] for row in spent),
    }


def _messages(facts: Facts, customer: str) -> Attributes:
    received = [row for row in facts.of("messages", customer) if not row["is_bounced"]]
    found: Attributes = {}
    for days in (1, 7, 30, 90, 365):
        rows = _since(received, "sent_at", facts.clock.days_ago(days))
        found[f"count_messages_received_{days}d"] = len(rows)
        if days < 30:
            continue
        for sender in ("messages", *CHANNELS):
            own = [row for row in rows if sender in ("messages", row["channel"])]
            for outcome, count in (
                ("received", len(own)),
                ("opened", sum(row["is_opened"] for row in own)),
                ("clicked", sum(row["is_clicked"] for row in own)),
            ):
                found[f"count_{sender}_{outcome}_{days}d"] = count
                if outcome != "received" and days == 365:
                    found[f"share_{sender}_{outcome}_365d"] = _share(count, len(own))
    return found


def _responses(facts: Facts, customer: str) -> Attributes:
    clock, messages = facts.clock, facts.of("messages", customer)
    responses: list[Row] = [
        {"channel": row["channel"], "at": row[time]}
        for row in messages
        if not row["is_bounced"]
        for time in ("opened_at", "clicked_at")
        if row[time]
    ]
    clicks = [row["clicked_at"] for row in messages if row["clicked_at"]]
    week = datetime.timedelta(days=7)
    attributed = [
        order
        for order in _since(facts.of("orders", customer), "ordered_at", clock.days_ago(365))
        if not order["is_cancelled"]
        and any(
            click <= order["ordered_at"]
            and clock.local(order["ordered_at"]) < clock.local(click) + week
            for click in clicks
        )
    ]
    return {
        "best_weekday_to_write": _most(
            responses, lambda row: WEEKDAYS[clock.local(row["at"]).weekday()], "at"
        ),
        "best_hour_to_write": _most(responses, lambda row: clock.local(row["at"]).hour, "at"),
        "last_response_at": max((row["at"] for row in responses), default=None),
        "count_attributed_orders_365d": len(attributed),
        "attributed_revenue_365d": sum((o["net_revenue"] for o in attributed), Decimal(0)),
    }


def _consents(facts: Facts, customer: str) -> Attributes:
    found: Attributes = {}
    for channel in CHANNELS:
        changes = [r for r in facts.of("consents", customer) if r["channel"] == channel]
        withdrawn = [row["changed_at"] for row in changes if row["state"] == "withdrawn"]
        withdrawn += [
            row["unsubscribed_at"]
            for row in facts.of("messages", customer)
            if row["channel"] == channel and row["unsubscribed_at"]
        ]
        last = max(withdrawn, default=datetime.datetime.min)
        grants = [r for r in changes if r["state"] == "granted" and r["changed_at"] > last]
        first = min(grants, key=lambda r: (r["changed_at"], r["consent_id"]), default=None)
        found[f"{channel}_consent_since"] = first and first["changed_at"]
        found[f"{channel}_consent_source"] = first and first["source"]
    return found


# --- comparison -----------------------------------------------------------------------

#: What rounding may change: money to four decimals, a score to two, a price level by the
#: rounded median that it is measured by.
TOLERANCE = {"lead_score": 0.0051, "price_level_365d": 1e-4}


def read_attributes(
    connection: duckdb.DuckDBPyConnection, schema: str, name: str
) -> dict[str, Any]:
    """Return one attribute of the mart by customer."""
    query = f"select customer_id, {name} from {schema}dim_customer_features"
    return dict(connection.execute(query).fetchall())


def is_same(name: str, found: Any, expected: Any) -> bool:
    """Return whether a value of the mart is the expected one, but for rounding."""
    if isinstance(found, float | Decimal) and expected is not None:
        return abs(float(found) - float(expected)) <= TOLERANCE.get(name, 0.000051)
    return bool(found == expected)
