"""What people answered when asked, and whom they brought along."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kohorte.demo.catalogue import CODES
from kohorte.demo.draw import Ints, Rows, chance, lookup, within
from kohorte.demo.people import LOOKER, People
from kohorte.demo.seasons import DAY, Calendar


class Question(NamedTuple):
    """One question of the shop's survey, and how many answers one may tick."""

    code: str
    answers: tuple[str, ...]
    ticks: int


INTEREST = "Q_INTEREST"
QUESTIONS = (
    Question(INTEREST, CODES, 2),
    Question(
        "Q_VALUES",
        ("sustainability", "quality", "low_price", "regional", "fair_trade", "convenience"),
        2,
    ),
    Question("Q_CLOTHING_SIZE", ("XS", "S", "M", "L", "XL", "XXL"), 1),
    Question("Q_STYLE", ("classic", "casual", "sporty", "elegant", "extravagant"), 1),
    Question("Q_PETS", ("dog", "cat", "fish", "rabbit", "none"), 1),
    Question("Q_NEWSLETTER_TOPICS", ("new_arrivals", "offers", "guides", "events"), 2),
)
ANSWERING_SHARE, PER_QUESTION_SHARE = 0.18, 0.6
#: How many single answers are changed later.
CHANGED_SHARE = 0.08
#: How many say that they are interested in what they buy most.
HONEST_SHARE = 0.7
REFERRED_SHARE = 0.06


def answer_rows(
    people: People, first_number: int, rng: np.random.Generator, calendar: Calendar
) -> Rows:
    """Return one row per answer ticked, as the shop's own export has it."""
    asked = np.flatnonzero(people.has_account & chance(rng, ANSWERING_SHARE, len(people)))
    since = np.maximum(people.registered_at[asked], calendar.start)
    asked_at = calendar.between(rng, since, calendar.full(len(asked), calendar.end))
    taste = people.favourites[asked, 0]
    parts = [_ticked(question, asked, asked_at, taste, rng, calendar) for question in QUESTIONS]
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    by_time = np.argsort(rows["answered_at"], kind="stable")
    rows = {name: column[by_time] for name, column in rows.items()}
    person = rows.pop("person").astype(np.int64)
    number = first_number + np.arange(len(person), dtype=np.int64)
    return {"number": number, "account": people.number[person], **rows}


def referral_rows(
    people: People, first_number: int, rng: np.random.Generator, calendar: Calendar
) -> Rows:
    """Return one row per invitation that somebody accepted by registering."""
    registered_at = people.registered_at
    is_new = people.has_account & (registered_at > calendar.start + DAY)
    referred = np.flatnonzero(is_new & chance(rng, REFERRED_SHARE, len(people)))
    buyers = np.flatnonzero(people.has_account & (people.kind != LOOKER))
    if len(buyers) == 0:
        referred = referred[:0]
    # A few invite a lot: the square draws low positions more often.
    draw = (rng.random(len(referred)) ** 2 * len(buyers)).astype(np.int64)
    referrer = buyers[draw]
    knew = registered_at[referrer] < registered_at[referred] - 3600
    referrer, referred = referrer[knew], referred[knew]
    waited = np.minimum(
        within(rng, 600, 10 * DAY, len(referred)),
        registered_at[referred] - registered_at[referrer] - 1,
    )
    return {
        "number": first_number + np.arange(len(referred), dtype=np.int64),
        "referrer": people.number[referrer],
        "referred": people.number[referred],
        "invited_at": registered_at[referred] - waited,
    }


def _ticked(
    question: Question,
    asked: Ints,
    asked_at: Ints,
    taste: Ints,
    rng: np.random.Generator,
    calendar: Calendar,
) -> Rows:
    """Return the answers to one question; a changed mind is a later row."""
    chosen = chance(rng, PER_QUESTION_SHARE, len(asked))
    person, at = asked[chosen], asked_at[chosen]
    first = within(rng, 0, len(question.answers), len(person))
    if question.code == INTEREST:
        first = np.where(chance(rng, HONEST_SHARE, len(person)), taste[chosen], first)
    again = chance(rng, CHANGED_SHARE if question.ticks == 1 else 0.5, len(person))
    other = (first + within(rng, 1, len(question.answers), len(person))) % len(question.answers)
    later = at + (within(rng, DAY, 200 * DAY, len(person)) if question.ticks == 1 else 0)
    again &= later < calendar.end
    answer = np.concatenate([first, other[again]])
    return {
        "person": np.concatenate([person, person[again]]),
        "question": np.full(len(answer), question.code, dtype=object),
        "answer": lookup(question.answers)[answer],
        "answered_at": np.concatenate([at, later[again]]),
    }
