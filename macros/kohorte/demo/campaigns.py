"""The shop's campaigns: what is sent through which channel, and when."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np

from kohorte.demo.draw import Ints, Texts, lookup
from kohorte.demo.seasons import DAY, Calendar

MEDIA = ("mail", "text", "push", "letter")
MAIL, TEXT, PUSH, LETTER = range(4)
#: Days between two campaigns of a channel, and the hour they start at.
RHYTHM = ((14, 9), (45, 16), (18, 18), (91, 6))
THEMES = ("News", "Style guide", "Members first", "Last chance", "New arrivals", "Home days")
SEASONS = (
    "Winter sale", "Winter sale", "Spring", "Spring", "Garden", "Summer",
    "Summer sale", "Summer sale", "Back to school", "Autumn", "Black week", "Gifts",
)  # fmt: skip


@dataclass(frozen=True)
class Campaigns:
    """All campaigns, channel after channel, each channel by launch."""

    code: Texts
    title: Texts
    launched_at: Ints
    first: Ints
    count: Ints

    def up_to(self, medium: Ints, moment: Ints) -> Ints:
        """Return how many campaigns of each channel were launched before each instant."""
        reached = np.zeros(len(medium), dtype=np.int64)
        for channel in range(len(MEDIA)):
            first = int(self.first[channel])
            launches = self.launched_at[first : first + int(self.count[channel])]
            chosen = medium == channel
            reached[chosen] = np.searchsorted(launches, moment[chosen])
        return reached


def plan_campaigns(calendar: Calendar) -> Campaigns:
    """Return the campaigns of the whole period."""
    codes: list[str] = []
    titles: list[str] = []
    launches: list[int] = []
    counts: list[int] = []
    for medium, (rhythm, hour) in zip(MEDIA, RHYTHM, strict=True):
        times = range(calendar.start + hour * 3600, calendar.end - DAY, rhythm * DAY)
        for place, launched_at in enumerate(times):
            day = datetime.date(1970, 1, 1) + datetime.timedelta(days=launched_at // DAY)
            codes.append(f"{medium}-{day:%Y-%m-%d}")
            titles.append(f"{SEASONS[day.month - 1]}: {THEMES[place % len(THEMES)]}")
            launches.append(launched_at)
        counts.append(len(times))
    count = np.array(counts, dtype=np.int64)
    return Campaigns(
        lookup(codes),
        lookup(titles),
        np.array(launches, dtype=np.int64),
        np.cumsum(count) - count,
        count,
    )
