"""What people say about themselves: names, addresses, numbers, answers to forms."""

from __future__ import annotations

import datetime
import unicodedata
from dataclasses import dataclass

import numpy as np

from kohorte.demo.dirt import IN_PLACE
from kohorte.demo.draw import (
    NEVER,
    Flags,
    Ints,
    Rows,
    Texts,
    chance,
    lookup,
    pick,
    where_true,
    within,
)
from kohorte.demo.names import DOMAIN_WEIGHTS, DOMAINS, FAMILY, FEMALE, MALE
from kohorte.demo.people import People
from kohorte.demo.places import CITIES, DIALLING
from kohorte.demo.seasons import DAY, YEAR, Calendar

PLACEHOLDER_BIRTHDAY = datetime.date(1900, 1, 1)
#: One way to write a number per country code, prefix and subscriber.
PHONE_SHAPES = ("+{c}{p}{s}", "0{p} {s}", "00{c} {p} {s}", "+{c} ({p}) {s}", "0{p}/{s}")
MARITAL_CODES = ("S", "M", "D", "W", "P")
INCOME_CODES = ("1", "2", "3", "4", "5")
EDUCATION_CODES = ("compulsory", "apprenticeship", "secondary", "university", "doctorate")
CONTACT_CODES = ("mail", "text", "push", "letter")
SIGNUP_SOURCES = ("search", "social", "newsletter", "referral", "store", "advertisement")
COLOURS = ("red", "blue", "green", "black", "yellow")


@dataclass(frozen=True)
class Profiles:
    """The texts that identify each person of a chunk."""

    first_name: Texts
    last_name: Texts
    sex: Ints
    email: Texts
    typed_email: Texts
    phone: Texts
    typed_phone: Texts


def describe(people: People, rng: np.random.Generator) -> Profiles:
    """Return names, mailboxes and numbers; no two people share a mailbox."""
    size = len(people)
    sex = pick(rng, (52, 46, 2), size)
    female = lookup(FEMALE)[within(rng, 0, len(FEMALE), size)]
    male = lookup(MALE)[within(rng, 0, len(MALE), size)]
    first_name = np.where((sex == 0) | ((sex == 2) & chance(rng, 0.5, size)), female, male)
    last_name = lookup(FAMILY)[within(rng, 0, len(FAMILY), size)]
    domain = lookup(DOMAINS)[pick(rng, DOMAIN_WEIGHTS, size)]
    email = _mailboxes(first_name, last_name, people.number, domain)
    subscriber = [f"0{n:06d}" for n in within(rng, 0, 1_000_000, size).tolist()]
    dialling = [DIALLING[CITIES[city].country] for city in people.city.tolist()]
    return Profiles(
        first_name=first_name,
        last_name=last_name,
        sex=sex,
        email=email,
        typed_email=_typed(email, within(rng, 0, 3, size)),
        phone=_phones(dialling, subscriber, pick(rng, (50, 30, 10, 5, 5), size)),
        typed_phone=_phones(dialling, subscriber, pick(rng, (25, 45, 10, 10, 10), size)),
    )


def account_rows(
    people: People, profiles: Profiles, rng: np.random.Generator, calendar: Calendar
) -> Rows:
    """Return one row per account, as the shop's own export has it."""
    person = np.flatnonzero(people.has_account)
    size = len(person)
    city = people.city[person]
    rates = IN_PLACE["accounts"]
    is_messy = chance(rng, rates["messy_email"], size)
    is_placeholder = chance(rng, rates["placeholder_birthday"], size)
    email = np.where(is_messy, profiles.typed_email[person], profiles.email[person])
    place = rng.standard_normal((2, size)) * 0.04
    has_place = chance(rng, 0.94, size)
    latitude = np.array([c.latitude for c in CITIES])[city] + place[0]
    longitude = np.array([c.longitude for c in CITIES])[city] + place[1]
    return {
        "number": people.number[person],
        "email": email,
        "phone": _known(rng, 0.6, profiles.phone[person]),
        "card": np.where(people.has_card[person], people.number[person], 0),
        "first_name": profiles.first_name[person],
        "last_name": profiles.last_name[person],
        "sex": _known(rng, 0.92, lookup(("f", "m", "x"))[profiles.sex[person]]),
        "family_status": _code(rng, 0.65, MARITAL_CODES, (34, 44, 9, 4, 9), size),
        "income_class": _code(rng, 0.45, INCOME_CODES, (15, 30, 30, 18, 7), size),
        "education": _code(rng, 0.42, EDUCATION_CODES, (12, 34, 28, 24, 2), size),
        "household": _code(rng, 0.6, ("1", "2", "3", "4", "5", "6"), (34, 33, 15, 12, 4, 2), size),
        **_addresses(city),
        "zip": _postcodes(rng, city),
        "latitude": np.where(has_place, np.round(latitude, 5), np.nan),
        "longitude": np.where(has_place, np.round(longitude, 5), np.nan),
        "contact": _code(rng, 0.42, CONTACT_CODES, (52, 18, 20, 10), size),
        "signup_source": _code(rng, 0.95, SIGNUP_SOURCES, (34, 18, 12, 9, 12, 15), size),
        "birthday": _birthdays(rng, calendar, is_placeholder),
        "created_at": people.registered_at[person],
        "messy_email": is_messy,
        "placeholder_birthday": is_placeholder,
        **_attributes(rng, size),
    }


def _addresses(city: Ints) -> Rows:
    """Return country, region, name and language of each city."""
    return {
        "country": lookup([entry.country for entry in CITIES])[city],
        "region": lookup([entry.region for entry in CITIES])[city],
        "city": lookup([entry.name for entry in CITIES])[city],
        "locale": lookup([entry.locale for entry in CITIES])[city],
    }


def _attributes(rng: np.random.Generator, size: int) -> Rows:
    """Return what some people told in free fields; -1 and null where they did not."""
    told = chance(rng, 0.7, size)
    garden = np.where(told & chance(rng, 0.8, size), chance(rng, 0.45, size), -1)
    children = pick(rng, (55, 20, 18, 6, 1), size)
    return {
        "poodles": np.where(told & chance(rng, 0.03, size), within(rng, 1, 4, size), -1),
        "has_garden": garden.astype(np.int64),
        "children": np.where(told & chance(rng, 0.5, size), children, -1),
        "colour": _code(rng, 0.3, COLOURS, (1, 1, 1, 1, 1), size),
    }


def _mailboxes(first: Texts, last: Texts, number: Ints, domain: Texts) -> Texts:
    """Return one mailbox per person, told apart by their number."""
    table = {name: _plain(name) for name in {*first.tolist(), *last.tolist()}}
    parts = zip(first.tolist(), last.tolist(), number.tolist(), domain.tolist(), strict=True)
    return lookup([f"{table[f]}.{table[n]}.{k}@{d}" for f, n, k, d in parts])


def _plain(name: str) -> str:
    """Return a name as a mailbox writes it: lower case, no accents, no spaces."""
    letters = unicodedata.normalize("NFKD", name.lower())
    return "".join(letter for letter in letters if letter.isascii() and letter.isalpha())


def _typed(email: Texts, manner: Ints) -> Texts:
    """Return mailboxes as hasty people type them: capitals, spaces around."""
    shapes = (str.upper, lambda text: f" {text.title()}", lambda text: f"{text}  ")
    return lookup(
        [shapes[m](text) for text, m in zip(email.tolist(), manner.tolist(), strict=True)]
    )


def _phones(dialling: list[tuple[str, str]], subscriber: list[str], shape: Ints) -> Texts:
    """Return phone numbers, each written in one of the usual ways."""
    parts = zip(dialling, subscriber, shape.tolist(), strict=True)
    return lookup([PHONE_SHAPES[k].format(c=c, p=p, s=s) for (c, p), s, k in parts])


def _known(rng: np.random.Generator, share: float, values: Texts) -> Texts:
    """Return the values where people told them, and null elsewhere."""
    return where_true(chance(rng, share, len(values)), values)


def _code(
    rng: np.random.Generator,
    share: float,
    codes: tuple[str, ...],
    weights: tuple[float, ...],
    size: int,
) -> Texts:
    """Return codes drawn by weight, null where people did not tell."""
    return _known(rng, share, lookup(codes)[pick(rng, weights, size)])


def _postcodes(rng: np.random.Generator, city: Ints) -> Ints:
    """Return a post code of each city."""
    low = np.array([entry.first_postcode for entry in CITIES])[city]
    high = np.array([entry.last_postcode for entry in CITIES])[city]
    return np.asarray(low + rng.random(len(city)) * (high - low + 1)).astype(np.int64)


def _birthdays(rng: np.random.Generator, calendar: Calendar, is_placeholder: Flags) -> Ints:
    """Return birthdays of grown-ups; some unknown, some a placeholder."""
    size = len(is_placeholder)
    years = np.clip(18 + 62 * rng.beta(1.8, 2.6, size), 18, 92)
    birthday = calendar.end - (years * YEAR).astype(np.int64)
    birthday = np.where(chance(rng, 0.85, size), birthday // DAY * DAY, NEVER)
    placeholder = (PLACEHOLDER_BIRTHDAY - datetime.date(1970, 1, 1)).days * DAY
    return np.where(is_placeholder, placeholder, birthday).astype(np.int64)
