"""Who is who: literal raw rows through the real models, and random ones by a reference."""

from __future__ import annotations

import datetime
import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT, Dbt
from tests.project.identity_reference import Holding, Row, customer_of, own_id, who_is_who
from tests.project.raw_shop import RawShop, make_template

AS_OF = "2026-07-01"
MODELS = ("+fct_orders", "+fct_events", "+dim_customers", "+int_identity_merges")
CHECKS = (
    "identities_are_whole",
    "identities_are_settled",
    "identities_change_hands_without_gaps",
    "identities_survive_merges",
    "orders_add_up_to_customers",
)
TABLES = ("sightings", "shared", "seen", "holdings", "links", "nodes", "map", "merges")


def guest(kind: str, identifier: str) -> str:
    return own_id((kind, identifier))


def days(start: str, count: int) -> str:
    return (datetime.date.fromisoformat(start) + datetime.timedelta(days=count)).isoformat()


@dataclass(frozen=True)
class Build:
    """What one build of a raw shop made of it."""

    holdings: list[Holding]
    orders: dict[str, str | None]
    events: dict[str, str | None]
    customers: set[str]
    merges: dict[str, str]
    shared: set[tuple[str, str]]
    links: list[dict[str, object]]

    def person(self, kind: str, identifier: str) -> str | None:
        """Whose the identifier is now."""
        found = [
            holding.customer_id
            for holding in self.holdings
            if (holding.kind, holding.identifier) == (kind, identifier)
            and holding.held_until is None
        ]
        assert len(found) <= 1
        return found[0] if found else None

    def people(self, *identifiers: tuple[str, str]) -> set[str | None]:
        return {self.person(kind, identifier) for kind, identifier in identifiers}


def read(warehouse: Path) -> Build:
    with duckdb.connect(str(warehouse), read_only=True) as connection:

        def rows(query: str) -> list[tuple[object, ...]]:
            return connection.execute(query).fetchall()

        links = connection.execute("from int_identity_links").fetchall()
        names = [name for name, *_ in connection.description or ()]
        return Build(
            holdings=[
                Holding(*row)  # type: ignore[arg-type]
                for row in rows(
                    """select identifier_type, identifier, held_from, held_until, customer_id
                    from int_identity_map order by all"""
                )
            ],
            orders=dict(rows("select order_id[6:], customer_id from fct_orders")),  # type: ignore[arg-type]
            events=dict(rows("select event_id[6:], customer_id from fct_events")),  # type: ignore[arg-type]
            customers={str(name) for (name,) in rows("select customer_id from dim_customers")},
            merges=dict(rows("select merged_customer_id, customer_id from int_identity_merges")),  # type: ignore[arg-type]
            shared=set(rows("select identifier_type, identifier from int_identity_shared")),  # type: ignore[arg-type]
            links=[dict(zip(names, link, strict=True)) for link in links],
        )


def build(dbt: Dbt, raw: Path, *arguments: str, **variables: object) -> str:
    """Build the models of identity, what reads them, and their checks; return an error."""
    result = dbt.again(
        "build",
        "--select", *MODELS, *CHECKS,
        "--indirect-selection", "empty", "--exclude-resource-type", "unit_test",
        *arguments,
        variables={"raw": {"shop": str(raw)}, "as_of": AS_OF, **variables},
    )  # fmt: skip
    return "" if result.returncode == 0 else result.stdout


class Story:
    """One shop's rows, of which some arrive only after the first build."""

    def __init__(self) -> None:
        self.shop = RawShop()
        self.numbers: dict[str, str] = {}

    def first(self) -> None:
        """What the first build sees."""
        shop, numbers = self.shop, self.numbers
        for n in range(1, 51):
            # The 31st is the oldest; each orders with the next one's address.
            since = "2024-01-01" if n == 31 else days("2025-01-01", n)
            shop.account(f"chain{n:02}", since, email=f"chain{n}@example.com")
            if n < 50:
                shop.order("2026-01-01", account=f"chain{n:02}", email=f"chain{n + 1}@example.com")

        shop.account("kinds1", "2025-01-01", phone="+436601000001")
        shop.order("2025-02-01", email="kinds2@example.com", phone="+436601000001")
        shop.order("2025-02-02", email="kinds2@example.com", card="KINDS1")
        shop.account("kinds3", "2025-02-03", card="KINDS1")
        shop.event("2025-02-04", device="kinds", account="kinds3")
        numbers["kinds by device"] = shop.event("2025-02-05", device="kinds")
        shop.order("2025-02-06", email="kinds4@example.com", device="kinds")
        shop.message("2025-02-07", account="kinds5", email="kinds4@example.com")
        shop.consent("2025-02-08", account="kinds5", email="kinds6@example.com")

        for n in range(5):
            shop.account(f"star{n}", days("2025-01-01", n), email="star@example.com")
        for n in range(60):
            shop.order("2025-02-01", account="hub", email=f"hub{n}@example.com")
            shop.event("2025-02-01", account="hub", device=f"hub{n}")

        shop.account("cycle1", "2025-01-01", email="cycle1@example.com", phone="+436601000011")
        shop.account("cycle2", "2025-01-02", email="cycle2@example.com", phone="+436601000011")
        shop.order("2025-01-03", account="cycle1", email="cycle2@example.com")
        shop.order("2025-01-03", account="cycle2", email="cycle1@example.com")

        self._what_strangers_share()
        self._what_says_nothing()
        self._what_changes_hands()

        shop.account("older", "2025-01-01", email="older@example.com")
        shop.account("younger", "2025-02-01", email="younger@example.com")
        numbers["younger"] = shop.order("2025-03-01", account="younger")
        numbers["guest"] = shop.order("2025-01-01", email="guest@example.com")
        shop.account("late", "2025-05-01", email="late@example.com")
        numbers["late"] = shop.order("2025-05-02", account="late")
        shop.account("early", "2025-05-01", email="early@example.com")
        for n in range(5):
            shop.account(f"crowd{n}", days("2025-01-01", 9 - n), email="crowd@example.com")

    def _what_strangers_share(self) -> None:
        shop, numbers = self.shop, self.numbers
        for n in range(6):
            shop.account(f"till{n}", "2025-01-01", card=f"T{n + 1}")
            numbers[f"till{n}"] = shop.order(
                "2025-02-01", email="till@example.com", card=f"T{n + 1}"
            )
        numbers["till"] = shop.order("2025-02-01", email="till@example.com")
        for n in range(3):
            shop.account(f"cafe{n}", "2025-01-01")
            numbers[f"cafe{n}"] = shop.event("2025-02-01", device="cafe", account=f"cafe{n}")
        numbers["cafe"] = shop.event("2025-02-02", device="cafe")
        for n in range(2):
            shop.account(f"sofa{n}", "2025-01-01")
            shop.event(f"2025-02-0{n + 1}", device="sofa", account=f"sofa{n}")
        numbers["sofa"] = shop.event("2025-03-01", device="sofa")
        for n in range(4):
            shop.account(f"desk{n}", "2025-01-01", phone="+431000000")
            shop.account(f"club{n}", "2025-01-01", card="CLUB1")
        for n in range(101):
            numbers[f"counter{n}"] = shop.order(
                "2025-02-01", account="counter", email=f"counter{n}@example.com"
            )

    def _what_says_nothing(self) -> None:
        shop, numbers = self.shop, self.numbers
        for n, (email, phone, card) in enumerate(
            [
                ("", "", ""),
                (" ", "0", "0"),
                ("-", "-", "-"),
                ("n/a", "n/a", "00-00"),
                ("@", "+", " "),
            ]
        ):
            shop.account(f"blank{n}", "2025-01-01", email=email, phone=phone, card=card)
            numbers[f"blank{n}"] = shop.order("2025-02-01", email=email, phone=phone, card=card)
            shop.event("2025-02-01", account=f"blank{n}", device=" ")
        shop.account("case1", "2025-01-01", email=" Case@Example.COM ")
        shop.account("case2", "2025-01-02", email="case@example.com", card="ca se-1")
        shop.account("case3", "2025-01-03", card="CASE1", phone="0043 660 / 100-00.21")
        shop.order("2025-01-04", phone="+43 660 1000021")
        shop.account("dots1", "2025-01-01", email="jo.doe@example.com")
        shop.account("dots2", "2025-01-01", email="jodoe+shop@example.com")

    def _what_changes_hands(self) -> None:
        shop, numbers = self.shop, self.numbers
        shop.account("first", "2025-01-01", phone="+436601000031")
        shop.event("2025-01-01", device="sold", account="first")
        numbers["first calls"] = shop.order("2025-02-01", phone="+436601000031")
        numbers["first looks"] = shop.event("2025-02-01", device="sold")
        shop.account("half1", "2025-01-01", phone="+436601000032")
        shop.account("half2", days("2025-01-01", 89), phone="+436601000032")
        shop.account("both1", "2025-01-01", phone="+436601000033")
        shop.order("2025-06-01", account="both2", phone="+436601000033")
        shop.order("2026-01-01", account="both1", phone="+436601000033")
        shop.account("again", "2025-01-01", phone="+436601000034", email="again@example.com")
        shop.order("2025-09-01", email="again@example.com", phone="+436601000034")

    def second(self) -> None:
        """What arrives afterwards, not all of it newer."""
        shop, numbers = self.shop, self.numbers
        shop.order("2026-02-01", account="younger", email="older@example.com")
        shop.account("registered", "2026-01-01", email="guest@example.com")
        shop.order("2025-04-01", email="late@example.com")
        shop.order("2025-04-01", account="early", email="early@example.com")
        shop.account("crowd5", "2026-01-01", email="crowd@example.com")
        shop.account("second", "2025-09-01", phone="+436601000031")
        shop.event("2025-09-01", device="sold", account="second")
        numbers["second calls"] = shop.order("2025-10-01", phone="+436601000031")
        numbers["second looks"] = shop.event("2025-10-01", device="sold")


@dataclass(frozen=True)
class History:
    """A shop built, built in vain, and built again when more had arrived."""

    story: Story
    raw: Path
    dbt: Dbt
    before: Build
    error: str
    kept: list[Holding]
    after: Build

    def order_before(self, name: str) -> str | None:
        return self.before.orders[self.story.numbers[name]]

    def order(self, name: str) -> str | None:
        return self.after.orders[self.story.numbers[name]]

    def event(self, name: str) -> str | None:
        return self.after.events[self.story.numbers[name]]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("template") / "shop")


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory, template: Path) -> History:
    folder = tmp_path_factory.mktemp("history")
    dbt, raw, story = Dbt(folder), folder / "raw", Story()
    story.first()
    story.shop.write(template, raw)
    assert build(dbt, raw) == ""
    before = read(dbt.warehouse)
    story.second()
    story.shop.write(template, raw)
    error = build(dbt, raw, identity_max_rounds=1)
    with duckdb.connect(str(dbt.warehouse)) as connection:
        # What a run that was killed may leave on an engine without transactions.
        connection.execute("create table int_identity_components__labels_0 as select 1 as one")
        connection.execute("create table int_identity_components__edges as select 1 as one")
    kept = read(dbt.warehouse).holdings
    assert build(dbt, raw) == ""
    return History(story, raw, dbt, before, error, kept, read(dbt.warehouse))


@pytest.fixture(scope="module")
def now(history: History) -> Build:
    return history.after


def test_a_chain_of_fifty_is_one_person_named_after_the_oldest(now: Build) -> None:
    chain = [("account", f"shop:chain{n:02}") for n in range(1, 51)]
    chain += [("email", f"chain{n}@example.com") for n in range(1, 51)]
    assert now.people(*chain) == {"shop:chain31"}


def test_identifiers_of_every_kind_and_table_join(history: History, now: Build) -> None:
    kinds = [
        *(("account", f"shop:kinds{n}") for n in (1, 3, 5)),
        *(("email", f"kinds{n}@example.com") for n in (2, 4, 6)),
        ("phone", "+436601000001"),
        ("loyalty_card", "KINDS1"),
        ("anonymous", "shop:kinds"),
    ]
    assert now.people(*kinds) == {"shop:kinds1"}
    assert history.event("kinds by device") == "shop:kinds1"


def test_a_star_is_one_person(now: Build) -> None:
    assert now.people(*(("account", f"shop:star{n}") for n in range(5))) == {"shop:star0"}
    hub = [("email", f"hub{n}@example.com") for n in range(60)]
    hub += [("anonymous", f"shop:hub{n}") for n in range(60)]
    assert now.people(("account", "shop:hub"), *hub) == {"shop:hub"}


def test_a_cycle_is_one_person(now: Build) -> None:
    cycle = [("account", "shop:cycle1"), ("account", "shop:cycle2"), ("phone", "+436601000011")]
    assert now.people(*cycle) == {"shop:cycle1"}


def test_a_till_s_address_joins_nobody(history: History, now: Build) -> None:
    assert ("email", "till@example.com") in now.shared
    assert now.person("email", "till@example.com") is None
    for n in range(6):
        assert now.person("account", f"shop:till{n}") == f"shop:till{n}"
        assert history.order(f"till{n}") == f"shop:till{n}"
    assert history.order("till") is None


def test_a_device_of_three_joins_nobody_and_one_of_two_does(history: History, now: Build) -> None:
    for n in range(3):
        assert history.event(f"cafe{n}") == f"shop:cafe{n}"
    assert history.event("cafe") is None
    assert now.people(("account", "shop:sofa0"), ("account", "shop:sofa1")) == {"shop:sofa0"}
    assert history.event("sofa") == "shop:sofa0"


@pytest.mark.parametrize("name", ["desk", "club"])
def test_a_number_or_card_of_four_joins_nobody(now: Build, name: str) -> None:
    people = now.people(*(("account", f"shop:{name}{n}") for n in range(4)))
    assert people == {f"shop:{name}{n}" for n in range(4)}


def test_an_account_of_many_addresses_joins_none_but_stays_somebody(
    history: History, now: Build
) -> None:
    assert ("account", "shop:counter") in now.shared
    assert {history.order(f"counter{n}") for n in range(101)} == {"shop:counter"}
    for n in range(101):
        address = f"counter{n}@example.com"
        assert now.person("email", address) == guest("email", address)


def test_what_was_not_used_says_why(now: Build) -> None:
    reasons = Counter(
        (str(link["identifier"]), link["is_used"], link["reason"])
        for link in now.links
        if link["identifier"] in ("till@example.com", "case@example.com")
        and link["linked_type"] is not None
    )
    assert reasons == {
        ("till@example.com", False, "shared_by_too_many"): 6,
        ("case@example.com", True, None): 2,
    }


def test_blanks_join_nobody(history: History, now: Build) -> None:
    people = now.people(*(("account", f"shop:blank{n}") for n in range(5)))
    assert people == {f"shop:blank{n}" for n in range(5)}
    assert {history.order(f"blank{n}") for n in range(5)} == {None}


def test_spelling_keeps_nobody_apart(now: Build) -> None:
    case = [("account", f"shop:case{n}") for n in (1, 2, 3)]
    case += [("email", "case@example.com"), ("loyalty_card", "CASE1"), ("phone", "+436601000021")]
    assert now.people(*case) == {"shop:case1"}


def test_dots_and_tags_in_an_address_do_keep_apart(now: Build) -> None:
    assert now.people(("account", "shop:dots1"), ("account", "shop:dots2")) == {
        "shop:dots1",
        "shop:dots2",
    }


def test_after_a_long_pause_a_number_or_device_is_somebody_else_s(
    history: History, now: Build
) -> None:
    assert now.people(("account", "shop:first")) == {"shop:first"}
    assert now.people(("account", "shop:second")) == {"shop:second"}
    for kind, name in (("phone", "+436601000031"), ("anonymous", "shop:sold")):
        moved_at = datetime.datetime(2025, 9, 1)
        assert [holding for holding in now.holdings if holding.identifier == name] == [
            Holding(kind, name, moved_at, None, "shop:second"),
            Holding(kind, name, None, moved_at, "shop:first"),
        ]
    assert (history.order("first calls"), history.event("first looks")) == ("shop:first",) * 2
    assert (history.order("second calls"), history.event("second looks")) == ("shop:second",) * 2


def test_what_moves_on_takes_nothing_along(history: History) -> None:
    number = history.story.numbers["first calls"]
    assert history.before.orders[number] == history.after.orders[number] == "shop:first"


def test_a_short_pause_or_a_return_is_no_move(now: Build) -> None:
    assert now.people(("account", "shop:half1"), ("account", "shop:half2")) == {"shop:half1"}
    assert now.people(("account", "shop:both1"), ("account", "shop:both2")) == {"shop:both1"}


def test_a_number_that_stays_with_the_person_has_one_holding(now: Build) -> None:
    held = [holding for holding in now.holdings if holding.identifier == "+436601000034"]
    assert held == [Holding("phone", "+436601000034", None, None, "shop:again")]


def test_of_two_who_turn_out_to_be_one_the_older_survives(history: History, now: Build) -> None:
    assert history.order_before("younger") == "shop:younger"
    assert history.order("younger") == "shop:older"
    assert now.merges["shop:younger"] == "shop:older"


def test_a_guest_who_registers_stays_who_they_were(history: History, now: Build) -> None:
    assert history.order_before("guest") == guest("email", "guest@example.com")
    assert now.person("account", "shop:registered") == guest("email", "guest@example.com")
    assert now.merges["shop:registered"] == guest("email", "guest@example.com")


def test_a_late_row_of_the_account_leaves_its_id(now: Build) -> None:
    assert now.person("account", "shop:early") == "shop:early"


def test_a_late_row_of_an_older_guest_renames_and_says_so(history: History, now: Build) -> None:
    older = guest("email", "late@example.com")
    assert history.order_before("late") == "shop:late"
    assert history.order("late") == older
    assert now.merges["shop:late"] == older


def test_who_were_joined_by_what_too_many_share_are_parted(history: History, now: Build) -> None:
    crowd = [("account", f"shop:crowd{n}") for n in range(5)]
    assert history.before.people(*crowd) == {"shop:crowd4"}
    assert now.people(*crowd) == {f"shop:crowd{n}" for n in range(5)}


def test_every_id_there_ever_was_is_somebody_s(history: History, now: Build) -> None:
    assert history.before.customers
    assert history.before.customers <= now.customers | now.merges.keys()
    assert not now.customers & now.merges.keys()
    assert set(now.merges.values()) <= now.customers


def test_history_keyed_anew_is_what_the_facts_say(history: History, now: Build) -> None:
    rekeyed = {
        number: now.merges.get(customer, customer)
        for number, customer in history.before.orders.items()
        if customer is not None
    }
    assert rekeyed == {number: now.orders[number] for number in rekeyed}


def test_the_map_and_the_customers_are_the_same_people(now: Build) -> None:
    assert {holding.customer_id for holding in now.holdings} == now.customers


def test_without_enough_rounds_the_build_stops_and_says_what_to_do(history: History) -> None:
    assert "int_identity_components is not settled: after 1 rounds" in history.error
    assert "such as identity_max_rounds" in history.error
    assert history.kept == history.before.holdings


def test_nothing_is_left_over(history: History) -> None:
    with duckdb.connect(str(history.dbt.warehouse), read_only=True) as connection:
        left = connection.execute(
            "select table_name from duckdb_tables() where table_name like 'int_identity_%\\_\\_%'"
            " escape '\\'"
        ).fetchall()
    assert left == []


def test_order_of_rows_and_threads_change_nothing(
    history: History, template: Path, tmp_path: Path
) -> None:
    dbt, raw = Dbt(tmp_path), tmp_path / "raw"
    history.story.shop.write(template, raw, shuffled=random.Random(5))
    assert build(dbt, raw, "--threads", "1") == ""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{history.dbt.warehouse}' as kohorte (read_only)")
        contents = {
            name: connection.execute(f"from kohorte.int_identity_{name} order by all").fetchall()
            for name in TABLES
        }
    with duckdb.connect() as connection:
        connection.execute(f"attach '{dbt.warehouse}' as kohorte (read_only)")
        for name, rows in contents.items():
            again = connection.execute(f"from kohorte.int_identity_{name} order by all").fetchall()
            assert again == rows, name


WORLDS = 150
CANONICAL = {
    "accounts": ("customers", "created_at"),
    "orders": ("orders", "placed_at"),
    "web_events": ("events", "happened_at"),
    "messages": ("messages", "sent_at"),
    "consent_log": ("consents", "logged_at"),
}
KIND_OF = {
    "account_no": "account",
    "email": "email",
    "recipient": "email",
    "loyalty_card_no": "loyalty_card",
    "phone": "phone",
    "visitor_id": "anonymous",
}


def small_world(shop: RawShop, world: int, some: random.Random) -> None:
    """A few people, who share some identifiers, and their rows of two years."""

    def at() -> str:
        return days("2024-07-01", some.randrange(700)) + f" {some.randrange(24):02}:00:00"

    def one(prefix: str, count: int, likely: float) -> str | None:
        return f"{prefix}{some.randrange(count)}" if some.random() < likely else None

    def address(likely: float) -> str | None:
        # Now and then, what everybody enters who has none.
        mailbox = "none" if some.random() < 0.05 else one(email, 3, likely)
        return f"{mailbox}@example.com" if mailbox else None

    account, email, card = f"{world}a", f"{world}e", f"W{world}C"
    phone, device = f"+4366{world:04}00", f"{world}d"
    for n in range(some.randrange(4)):
        shop.account(
            f"{account}{n}",
            at() if some.random() < 0.8 else None,
            email=address(0.7),
            phone=one(phone, 2, 0.5),
            card=one(card, 2, 0.3),
        )
    for _ in range(some.randrange(2, 12)):
        shop.order(
            at(),
            account=one(account, 4, 0.3),
            email=address(0.5),
            phone=one(phone, 2, 0.4),
            card=one(card, 2, 0.2),
            device=one(device, 3, 0.4),
        )
    for _ in range(some.randrange(6)):
        shop.event(at(), device=one(device, 3, 0.9), account=one(account, 4, 0.6))
    for _ in range(some.randrange(3)):
        shop.message(at(), account=one(account, 4, 0.5), email=address(0.8))


def rows_of(shop: RawShop, as_of: str) -> Iterator[tuple[str, str, Row]]:
    """Yield table, number and canonical row of every raw row that is accepted."""
    until = datetime.datetime.fromisoformat(as_of)
    for table, (canonical, time) in CANONICAL.items():
        for raw in shop.rows[table]:
            text = raw[time]
            when = datetime.datetime.fromisoformat(text) if text else None
            identifiers = {
                kind: f"shop:{value}" if kind in ("account", "anonymous") else value
                for column, kind in KIND_OF.items()
                if (value := raw.get(column)) is not None
            }
            named = identifiers.keys() - {"anonymous"}
            if named and (when is None or when < until):
                yield table, str(next(iter(raw.values()))), Row(canonical, when, identifiers)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory, template: Path) -> tuple[RawShop, Build]:
    folder = tmp_path_factory.mktemp("worlds")
    shop, some = RawShop(), random.Random(20260701)
    for world in range(WORLDS):
        small_world(shop, world, some)
    shop.write(template, folder / "raw")
    dbt = Dbt(folder)
    assert build(dbt, folder / "raw", as_of="2026-03-01") == ""
    return shop, read(dbt.warehouse)


def test_random_people_are_who_the_reference_says(worlds: tuple[RawShop, Build]) -> None:
    shop, found = worlds
    expected = who_is_who([row for _, _, row in rows_of(shop, "2026-03-01")])
    assert set(found.holdings) == set(expected)
    assert len(found.holdings) == len(expected)
    # The worlds hold what is worth testing.
    assert any(holding.held_from for holding in expected)
    assert {kind for kind, _ in found.shared} >= {"email", "phone", "anonymous"}
    sizes = Counter(holding.customer_id for holding in expected if holding.kind == "account")
    assert max(sizes.values()) >= 3


def test_random_orders_are_whose_the_reference_says(worlds: tuple[RawShop, Build]) -> None:
    shop, found = worlds
    rows = list(rows_of(shop, "2026-03-01"))
    holdings = defaultdict(list)
    for holding in who_is_who([row for _, _, row in rows]):
        holdings[holding.kind, holding.identifier].append(holding)
    expected = {
        number: customer_of(row, holdings) for table, number, row in rows if table == "orders"
    }
    assert {number: found.orders[number] for number in expected} == expected


LABELS = (ROOT / "macros" / "component_labels.sql").read_text()
Edges = list[tuple[str, str]]
nodes = st.text("abcd", min_size=1, max_size=3)


def components_by_rounds(edges: Edges) -> tuple[dict[str, str], list[int]]:
    """Run rounds of the macro until no edge is open; count the labels after each."""
    macros = jinja2.Environment().from_string(LABELS).module
    counts: list[int] = []
    with duckdb.connect() as connection:
        connection.execute("create table edges (left_node varchar, right_node varchar)")
        if edges:
            left, right = zip(*edges, strict=True)
            connection.execute("insert into edges select unnest(?), unnest(?)", [left, right])
        query = macros.component_labels("edges")  # type: ignore[attr-defined]
        while True:
            labels = f"labels_{len(counts)}"
            connection.execute(f"create table {labels} as {query}")
            found = dict(connection.execute(f"from {labels}").fetchall())
            counts.append(len(set(found.values())))
            still_open = macros.open_edges("edges", labels)  # type: ignore[attr-defined]
            if not connection.execute(still_open).fetchone():
                return found, counts
            query = macros.component_labels("edges", labels)  # type: ignore[attr-defined]


def components_by_union_find(edges: Edges) -> dict[str, str]:
    parents: dict[str, str] = {}

    def root(node: str) -> str:
        while parents.setdefault(node, node) != node:
            node = parents[node]
        return node

    for left, right in edges:
        smaller, larger = sorted((root(left), root(right)))
        parents[larger] = smaller
    return {node: root(node) for node in list(parents)}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(nodes, nodes), max_size=60))
def test_rounds_find_the_components_that_union_find_finds(edges: Edges) -> None:
    found, counts = components_by_rounds(edges)
    assert found == components_by_union_find(edges)
    components = counts[-1]
    for labels, two_rounds_later in zip(counts, counts[2:], strict=False):
        assert two_rounds_later - components <= (labels - components) / 2


@pytest.mark.parametrize("order", ["sorted", "reversed", "bits_reversed", "zigzag", "random"])
def test_a_chain_of_thousands_takes_few_rounds(order: str) -> None:
    size = 2048
    numbers = list(range(size))
    if order == "reversed":
        numbers.reverse()
    elif order == "bits_reversed":
        numbers = [int(f"{n:011b}"[::-1], 2) for n in numbers]
    elif order == "zigzag":
        numbers = [n // 2 if n % 2 else size - n // 2 for n in numbers]
    elif order == "random":
        random.Random(3).shuffle(numbers)
    chain = [f"{n:05}" for n in numbers]
    found, counts = components_by_rounds(list(itertools.pairwise(chain)))
    assert set(found.values()) == {min(chain)}
    assert len(counts) <= 2 * 11 + 1
