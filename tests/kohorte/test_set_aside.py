"""A broken spec can be set aside, so that it does not take the others down (rule 12)."""

from __future__ import annotations

from pathlib import Path

import pytest
from kohorte.catalog import read_catalog
from kohorte.errors import SpecErrors
from kohorte.specs import Specs, read_specs

from tests.kohorte.harness import PROJECT

GOOD = """\
version: 1
segments:
  vips: {where: {revenue: {gte: 500}}}
  adults: {where: {age: {gte: 18}}}
"""
BAD = """\
version: 1
segments:
  typo: {where: {aeg: 18}}
  user: {where: [{in_segment: typo}, {age: 20}]}
  user_of_user: {where: {not_in_segment: user}}
  round: {where: {in_segment: about}}
  about: {where: {in_segment: round}}
  sound: {where: {in_segment: vips}}
ladders:
  status: {by: nothing, tiers: {bronze: 1, gold: 2}}
"""


def read(folder: Path, **files: str) -> Specs:
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    return read_specs(folder, read_catalog(PROJECT), set_aside=True)


def reasons(specs: Specs) -> dict[str, str]:
    return {aside.name: aside.reason for aside in specs.set_aside}


def test_what_is_sound_is_kept_and_what_is_not_is_named(tmp_path: Path) -> None:
    specs = read(tmp_path, good=GOOD, bad=BAD)
    assert {s.name for s in specs.segments} == {"vips", "adults", "sound"}
    assert set(reasons(specs)) == {
        "typo", "user", "user_of_user", "round", "about", "status__bronze", "status__gold",
    }  # fmt: skip


def test_a_segment_that_uses_a_broken_one_says_which(tmp_path: Path) -> None:
    found = reasons(read(tmp_path, good=GOOD, bad=BAD))
    assert "aeg" in found["typo"]
    assert found["user"] == "uses `typo`, which is set aside"
    assert found["user_of_user"] == "uses `user`, which is set aside"
    assert found["round"] == found["about"]
    assert "circle" in found["round"]


def test_every_mistake_is_still_told_with_its_place(tmp_path: Path) -> None:
    specs = read(tmp_path, good=GOOD, bad=BAD)
    with pytest.raises(SpecErrors) as stopped:
        read_specs(tmp_path, read_catalog(PROJECT))
    assert specs.problems == stopped.value.problems
    assert len(specs.problems) == 3


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_used(tmp_path: Path) -> None:
    specs = read(tmp_path, good=GOOD, torn="version: 1\nsegments: {a: [")
    assert {s.name for s in specs.segments} == {"vips", "adults"}
    assert [(aside.name, aside.path) for aside in specs.set_aside] == [
        ("", f"{tmp_path.name}/torn.yml")
    ]


def test_a_name_that_is_declared_twice_is_nobodys(tmp_path: Path) -> None:
    again = "version: 1\nsegments: {vips: {where: {age: 3}}, users: {where: {in_segment: vips}}}"
    specs = read(tmp_path, good=GOOD, more=again)
    assert {s.name for s in specs.segments} == {"adults"}
    assert set(reasons(specs)) == {"vips", "users"}


def test_without_a_mistake_nothing_is_set_aside(tmp_path: Path) -> None:
    specs = read(tmp_path, good=GOOD)
    assert specs.set_aside == ()
    assert specs.problems == ()
