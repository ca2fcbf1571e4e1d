"""Who agreed to hear from the shop through which channel, and who took it back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kohorte.demo.campaigns import MAIL, MEDIA, PUSH
from kohorte.demo.draw import NEVER, Flags, Ints, Rows, chance, lookup, pick, where_true, within
from kohorte.demo.people import GUEST, People
from kohorte.demo.profiles import Profiles
from kohorte.demo.seasons import DAY, Calendar

#: How many agree to each channel, with an account and as a guest.
AGREE = ((0.64, 0.24, 0.26, 0.32), (0.30, 0.0, 0.0, 0.0))
#: How many of them take it back, and how many of these agree again.
WITHDRAW, AGREE_AGAIN = (0.20, 0.08, 0.10, 0.05), 0.10
#: How many who never agreed said no in so many words.
DECLINE = 0.05
BY_LINK = 0.65
GRANT_ORIGINS = ("signup", "checkout", "preference_centre")
GRANT_WEIGHTS = (55, 28, 17)
LEAVE_ORIGINS = ("preference_centre", "support_call", "unsubscribe_link")
LEAVE_WEIGHTS = (75, 25, 0)
UNSUBSCRIBE_LINK = 2


@dataclass(frozen=True)
class Agreements:
    """One person's agreement to one channel; instants are never where it did not happen."""

    person: Ints
    medium: Ints
    granted_at: Ints
    withdrawn_at: Ints
    regranted_at: Ints
    leave_origin: Ints


def make_agreements(people: People, rng: np.random.Generator, calendar: Calendar) -> Agreements:
    """Return who agreed to what, and who took it back when."""
    size = len(people)
    shares = np.array(AGREE)[np.where(people.has_account, 0, 1)]
    agrees = rng.random((size, len(MEDIA))) < shares
    declines = ~agrees & (rng.random((size, len(MEDIA))) < DECLINE) & (shares > 0)
    person, medium = (part.astype(np.int64) for part in np.nonzero(agrees | declines))
    agreed = agrees[person, medium]
    known_at = np.where(people.kind == GUEST, people.starts_at, people.registered_at)[person]
    delay = np.where(medium == PUSH, within(rng, 0, 60 * DAY, len(person)), 0)
    known_at = known_at + np.where(known_at + delay < calendar.end, delay, 0)
    withdrawn_at, again_at = _withdrawals(rng, calendar, known_at, medium, agreed)
    by_link = chance(rng, BY_LINK, len(person)) & (medium == MAIL) & agreed
    origin = np.where(by_link, UNSUBSCRIBE_LINK, pick(rng, LEAVE_WEIGHTS, len(person)))
    granted_at = np.where(agreed, known_at, NEVER)
    return Agreements(person, medium, granted_at, withdrawn_at, again_at, origin)


def consent_rows(
    agreements: Agreements,
    people: People,
    profiles: Profiles,
    first_number: int,
    rng: np.random.Generator,
) -> Rows:
    """Return one row per grant or withdrawal, as the shop's own export has it."""
    size = len(agreements.person)
    granted = pick(rng, GRANT_WEIGHTS, size)
    every = np.arange(size, dtype=np.int64)
    moments = (agreements.granted_at, agreements.withdrawn_at, agreements.regranted_at)
    origins = (
        lookup(GRANT_ORIGINS)[granted],
        lookup(LEAVE_ORIGINS)[agreements.leave_origin],
        lookup(GRANT_ORIGINS)[np.full(size, GRANT_ORIGINS.index("preference_centre"))],
    )
    index = np.concatenate([every[at != NEVER] for at in moments])
    at = np.concatenate([at[at != NEVER] for at in moments])
    origin = np.concatenate([o[at != NEVER] for o, at in zip(origins, moments, strict=True)])
    change = np.repeat(
        lookup(("opt_in", "opt_out", "opt_in")), [int((at != NEVER).sum()) for at in moments]
    )
    person = agreements.person[index]
    is_guest = people.kind[person] == GUEST
    return {
        "number": first_number + np.arange(len(index), dtype=np.int64),
        "account": np.where(is_guest, 0, people.number[person]),
        "email": where_true(is_guest, profiles.email[person]),
        "medium": lookup(MEDIA)[agreements.medium[index]],
        "change": change,
        "origin": origin,
        "logged_at": at,
    }


def _withdrawals(
    rng: np.random.Generator, calendar: Calendar, known_at: Ints, medium: Ints, agreed: Flags
) -> tuple[Ints, Ints]:
    """Return when agreements end, and when some begin again."""
    size = len(known_at)
    end = calendar.full(size, calendar.end)
    leaves = chance(rng, np.array(WITHDRAW)[medium], size) & agreed
    left_at = calendar.between(rng, np.clip(known_at + 1, calendar.start, end - 1), end)
    again_at = calendar.between(rng, np.minimum(left_at + 1, end - 1), end)
    again = leaves & chance(rng, AGREE_AGAIN, size) & (again_at > left_at)
    left_at = np.where(agreed, np.where(leaves, left_at, NEVER), known_at)
    return left_at, np.where(again, again_at, NEVER)
