"""Readers see one generation, always whole, whatever publishers do or suffer.

KOHORTE_KILLS says how often a publisher is killed (`make kill` does it 30 times); the moments
are drawn anew each time.
"""

from __future__ import annotations

import datetime
import os
import random
import time

import duckdb
import pytest
from kohorte.errors import KohorteError
from kohorte.project import serving_path, warehouse_path
from kohorte.publishing.publish import publish, rollback

from tests.kohorte.publishing import programs
from tests.kohorte.publishing.small_project import SmallProject

KILLS = int(os.environ.get("KOHORTE_KILLS", "3"))
READERS, READS = 4, 2000


def test_four_readers_never_see_a_mixture(small: SmallProject) -> None:
    publish(small.root)
    readers = [programs.reader(small.generations.serving, READS // READERS) for _ in range(READERS)]
    number = 1
    while any(reader.poll() is None for reader in readers):
        number += 1
        small.build(number)
        publish(small.root)
        time.sleep(0.1)
    for reader in readers:
        said, complaint = reader.communicate()
        assert reader.returncode == 0, complaint
        _, last, different = map(int, said.split())
        assert 1 < different <= last <= number


def test_a_killed_publisher_changes_nothing_or_everything(small: SmallProject) -> None:
    publish(small.root)
    draw = random.Random()
    number, kills, length = 1, 0, 0.5
    while kills < KILLS:
        number += 1
        small.build(number, rows=20_000)
        before = small.seen()
        publisher = programs.publisher(small.root)
        assert publisher.stdout is not None
        assert publisher.stdout.readline() == "begun\n"
        begun = time.monotonic()
        time.sleep(draw.uniform(0, length))
        if publisher.poll() is None:
            publisher.kill()
            kills += 1
        else:
            length = 0.9 * (time.monotonic() - begun)
        publisher.communicate()
        after = small.seen()
        assert after in (before, [(before[0][0] + 1, number)] * 2)
        assert publish(small.root).generation == after[0][0] + 1
        assert small.seen() == [(after[0][0] + 1, number)] * 2
        assert len(small.generations.numbers()) <= 3
        assert not [*small.generations.folder.glob(".*")]


def test_a_full_disk_leaves_readers_what_they_have(small: SmallProject) -> None:
    publish(small.root)
    small.build(2, rows=20_000)
    publisher = programs.publisher(small.root, begin=programs.small_files)
    _, complaint = publisher.communicate()
    assert complaint.startswith("not published: the disk is full")
    assert publisher.returncode == 1
    assert small.seen() == [(1, 1), (1, 1)]
    assert not [*small.generations.folder.glob(".*")]
    publish(small.root)
    assert small.seen() == [(2, 2), (2, 2)]


def test_two_publishers_publish_one_after_the_other(small: SmallProject) -> None:
    both = [programs.publisher(small.root) for _ in range(2)]
    said = [publisher.communicate() for publisher in both]
    assert sorted(said) == [("begun\n1\n", ""), ("begun\n2\n", "")]
    assert small.seen() == [(2, 1), (2, 1)]


def test_a_publisher_that_waited_too_long_says_so(small: SmallProject) -> None:
    waiting = small.generations.locked(patience=0.01)
    with (
        small.generations.locked(),
        pytest.raises(KohorteError, match="being published to by another program"),
        waiting,
    ):
        pass


def test_a_warehouse_that_is_being_built_is_not_published(small: SmallProject) -> None:
    publish(small.root)
    with duckdb.connect(str(warehouse_path(small.root))):
        publisher = programs.publisher(small.root)
        _, complaint = publisher.communicate()
    assert "is in use by another program" in complaint
    assert small.seen() == [(1, 1), (1, 1)]


def test_a_clock_that_goes_back_confuses_nobody(small: SmallProject) -> None:
    moment = datetime.datetime(2026, 7, 2, 12)
    for number in range(1, 6):
        small.build(number)
        publish(small.root, now=lambda back=number: moment - datetime.timedelta(hours=back))
        assert small.seen() == [(number, number)] * 2
    assert small.generations.numbers() == [3, 4, 5]
    assert rollback(small.root) == 4


def test_a_log_that_somebody_left_beside_a_file_is_not_replayed(small: SmallProject) -> None:
    publish(small.root)
    log = serving_path(small.root, private=False).with_suffix(".duckdb.wal")
    log.write_bytes(b"left behind")
    publish(small.root)
    assert not log.exists()
    assert small.seen() == [(2, 1), (2, 1)]


def test_a_connection_goes_on_seeing_what_it_was_opened_on(small: SmallProject) -> None:
    publish(small.root)
    path = serving_path(small.root, private=False)
    with duckdb.connect(str(path), read_only=True) as connection:
        for number in range(2, 8):
            small.build(number)
            publish(small.root)
            assert connection.execute("select distinct build from fct_orders").fetchall() == [(1,)]
    assert small.seen() == [(7, 7), (7, 7)]
