"""What people are sent through the channels they agreed to, and what they do with it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kohorte.demo.agreements import UNSUBSCRIBE_LINK, Agreements
from kohorte.demo.campaigns import LETTER, MAIL, MEDIA, TEXT, Campaigns
from kohorte.demo.draw import (
    NEVER,
    Flags,
    Floats,
    Ints,
    Rows,
    chance,
    lookup,
    where_true,
    within,
)
from kohorte.demo.people import People
from kohorte.demo.profiles import Profiles
from kohorte.demo.seasons import DAY, YEAR, Calendar

MESSAGES_PER_YEAR = (5.5, 1.5, 2.5, 1.0)
#: How many messages of each channel bounce, and how long they travel at most.
BOUNCE, TRAVEL = (0.02, 0.015, 0.03, 0.01), (600, 60, 20, 4 * DAY)
#: How many of the delivered are opened on average; nobody sees a letter being opened.
OPEN = (0.34, 0.0, 0.22, 0.0)
CLICK = (0.16, 0.06, 0.18, 0.0)


@dataclass(frozen=True)
class Messages:
    """Messages sent, by agreement and time."""

    agreement: Ints
    campaign: Ints
    sent_at: Ints
    delivered_at: Ints
    opened_at: Ints
    clicked_at: Ints
    unsubscribed_at: Ints
    bounced_at: Ints


def send_messages(
    agreements: Agreements,
    campaigns: Campaigns,
    rng: np.random.Generator,
    calendar: Calendar,
) -> tuple[Messages, Agreements]:
    """Return the messages, and the agreements as the unsubscribe links changed them."""
    agreement, campaign = _addressed(agreements, campaigns, rng, calendar)
    medium = agreements.medium[agreement]
    size = len(agreement)
    sent_at = campaigns.launched_at[campaign] + within(rng, 0, 3 * 3600, size)
    travel = 1 + (rng.random(size) * np.array(TRAVEL)[medium]).astype(np.int64)
    bounced = chance(rng, np.array(BOUNCE)[medium], size)
    opens, clicks = _reactions(rng, agreements, agreement, medium, bounced)
    leaves = _last_before_leaving(agreements, agreement) & ~bounced
    opens, clicks = opens | leaves, clicks & ~leaves
    delivered_at = np.where(bounced, NEVER, sent_at + travel)
    opened_at = np.where(opens, sent_at + travel + _patience(rng, size), NEVER)
    # A text message has no opening; a click comes straight after its delivery.
    seen_at = np.where(opens, opened_at, delivered_at)
    clicked_at = np.where(clicks, seen_at + within(rng, 5, 300, size), NEVER)
    left_at = np.where(leaves, opened_at + within(rng, 5, 120, size), NEVER)
    bounced_at = np.where(bounced, sent_at + travel, NEVER)
    messages = Messages(
        agreement=agreement,
        campaign=campaign,
        sent_at=sent_at,
        delivered_at=_known(delivered_at, calendar),
        opened_at=_known(opened_at, calendar),
        clicked_at=_known(clicked_at, calendar),
        unsubscribed_at=_known(left_at, calendar),
        bounced_at=_known(bounced_at, calendar),
    )
    return messages, _left(agreements, messages)


def message_rows(
    messages: Messages,
    agreements: Agreements,
    campaigns: Campaigns,
    people: People,
    profiles: Profiles,
    first_number: int,
) -> Rows:
    """Return one row per message, as the shop's own export has it."""
    person = agreements.person[messages.agreement]
    medium = agreements.medium[messages.agreement]
    account = np.where(people.registered_at[person] <= messages.sent_at, people.number[person], 0)
    account = np.where(people.registered_at[person] == NEVER, 0, account)
    return {
        "number": first_number + np.arange(len(person), dtype=np.int64),
        "account": account,
        "recipient": where_true(medium == MAIL, profiles.email[person]),
        "medium": lookup(MEDIA)[medium],
        "campaign": campaigns.code[messages.campaign],
        "title": campaigns.title[messages.campaign],
        "sent_at": messages.sent_at,
        "delivered_at": messages.delivered_at,
        "opened_at": messages.opened_at,
        "clicked_at": messages.clicked_at,
        "unsubscribed_at": messages.unsubscribed_at,
        "bounced_at": messages.bounced_at,
    }


def _addressed(
    agreements: Agreements, campaigns: Campaigns, rng: np.random.Generator, calendar: Calendar
) -> tuple[Ints, Ints]:
    """Return which campaigns each agreement was sent, none of them twice."""
    granted = agreements.granted_at != NEVER
    until = np.where(agreements.withdrawn_at == NEVER, calendar.end, agreements.withdrawn_at)
    low = campaigns.up_to(agreements.medium, np.where(granted, agreements.granted_at, until))
    # The sending takes hours: the last campaign must have gone out before the end.
    high = campaigns.up_to(agreements.medium, until - 4 * 3600)
    since = np.maximum(agreements.granted_at, calendar.start)
    years = np.where(granted, np.maximum(until - since, 0), 0) / YEAR
    rate = np.array(MESSAGES_PER_YEAR)[agreements.medium] * rng.gamma(3.0, 1 / 3, len(low))
    count = np.where(high > low, np.minimum(rng.poisson(rate * years), 3 * (high - low)), 0)
    agreement = np.repeat(np.arange(len(low)), count)
    room = (high - low)[agreement]
    place = low[agreement] + (rng.random(len(agreement)) * room).astype(np.int64)
    campaign = campaigns.first[agreements.medium[agreement]] + place
    unique = np.unique(agreement * len(campaigns.code) + campaign)
    return unique // len(campaigns.code), unique % len(campaigns.code)


def _reactions(
    rng: np.random.Generator, agreements: Agreements, agreement: Ints, medium: Ints, lost: Flags
) -> tuple[Flags, Flags]:
    """Return which messages are opened and which clicked; some people always open."""
    interest: Floats = 3 * rng.beta(1.2, 2.4, len(agreements.person))
    likely = np.minimum(np.array(OPEN)[medium] * interest[agreement], 0.95)
    opens = chance(rng, likely, len(agreement)) & ~lost
    is_seen = opens | ((medium == TEXT) & ~lost)
    clicks = is_seen & chance(rng, np.array(CLICK)[medium], len(agreement))
    return opens & (medium != LETTER), clicks


def _known(moments: Ints, calendar: Calendar) -> Ints:
    """Return the instants that an export at the end of the period can know."""
    return np.where(moments < calendar.end, moments, NEVER)


def _patience(rng: np.random.Generator, size: int) -> Ints:
    """Return how long messages wait to be opened: most minutes, some days."""
    return 20 + (rng.lognormal(8.0, 1.6, size)).astype(np.int64)


def _last_before_leaving(agreements: Agreements, agreement: Ints) -> Flags:
    """Return which messages are the last ones before somebody unsubscribes in them."""
    is_last = np.diff(agreement, append=-1) != 0
    leaves = agreements.withdrawn_at != NEVER
    by_link = agreements.leave_origin == UNSUBSCRIBE_LINK
    return np.asarray(is_last & (leaves & by_link)[agreement])


def _left(agreements: Agreements, messages: Messages) -> Agreements:
    """Return agreements whose withdrawals through a link are those of the messages."""
    by_link = agreements.leave_origin == UNSUBSCRIBE_LINK
    left_at = agreements.withdrawn_at.copy()
    origin = np.where(by_link, 0, agreements.leave_origin)
    through = np.flatnonzero(messages.unsubscribed_at != NEVER)
    left_at[messages.agreement[through]] = messages.unsubscribed_at[through]
    origin[messages.agreement[through]] = UNSUBSCRIBE_LINK
    again = agreements.regranted_at
    again = np.where(again > left_at, again, NEVER)
    return replace(agreements, withdrawn_at=left_at, leave_origin=origin, regranted_at=again)
