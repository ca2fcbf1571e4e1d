"""What a user gets to read when a spec is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from kohorte.errors import SpecErrors

from tests.kohorte import harness

MISTAKES = sorted(path.parent for path in (harness.HERE / "mistakes").glob("*/*.yml"))
SPEC = "version: 1\nsegments:\n  example:\n    where: "


@pytest.mark.parametrize("case", MISTAKES, ids=lambda case: case.name)
def test_mistake_is_told_with_place_and_remedy(case: Path, update_golden: bool) -> None:
    expected = case / "expected.txt"
    with pytest.raises(SpecErrors) as caught:
        harness.read(case)
    text = str(caught.value) + "\n"
    if update_golden:
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("too large", b"# " + b"x" * 10_000_000, "larger than"),
        ("binary", bytes(range(256)), "not UTF-8"),
        ("utf-16", "version: 1".encode("utf-16"), "not UTF-8"),
        ("latin-1", "version: 1 # caf\u00e9".encode("latin-1"), "not UTF-8"),
        ("nested in lists", (SPEC + "[" * 1000 + "]" * 1000).encode(), "nested more than"),
        ("nested in groups", (SPEC + "{not: " * 1000 + "1" + "}" * 1000).encode(), "nested"),
        ("unclosed", (SPEC + "[" * 100_000).encode(), "nested more than"),
        ("bomb", b"a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "anchors and aliases"),
        ("long key", b"version: 1\n? " + b"k" * 100_000 + b"\n: 1\n", "unknown key"),
        ("long list", (SPEC + "{age: [" + "1," * 200_000 + "]}").encode(), "a list of"),
        ("nul", b"version: 1\x00", "not YAML"),
    ],
)
def test_hostile_file_is_refused_shortly(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    specs = tmp_path / "segments"
    specs.mkdir()
    (specs / "hostile.yml").write_bytes(content)
    with pytest.raises(SpecErrors, match=message) as caught:
        harness.read(specs)
    assert len(str(caught.value)) < 2_000


def test_mistakes_of_all_files_are_told_in_one_go(tmp_path: Path) -> None:
    specs = tmp_path / "segments"
    (specs / "below").mkdir(parents=True)
    (specs / "a.yml").write_text("version: 1\nsegments:\n  same:\n    where: {agee: 1}\n")
    (specs / "b.yml").write_text("not: [yaml")
    (specs / "below" / "c.yaml").write_text("version: 1\nsegments:\n  same:\n    where: {age: 1}\n")
    with pytest.raises(SpecErrors) as caught:
        harness.read(specs)
    places = [str(problem.place) for problem in caught.value.problems]
    assert places == ["segments/a.yml:4:13", "segments/b.yml:2:1", "segments/below/c.yaml:3:3"]


def test_a_spec_that_cannot_be_read_is_a_mistake_too(tmp_path: Path) -> None:
    specs = tmp_path / "segments"
    specs.mkdir()
    (specs / "gone.yml").symlink_to(tmp_path / "nowhere.yml")
    (specs / "folder.yml").mkdir()
    (specs / "linked").symlink_to(tmp_path)
    (specs / "LOUD.YML").write_text("version: 3\n")
    (specs / "empty.yml").write_text("# nothing but a comment\n")
    with pytest.raises(SpecErrors) as caught:
        harness.read(specs)
    assert [problem.place.path for problem in caught.value.problems] == [
        "segments/LOUD.YML",
        "segments/folder.yml",
        "segments/gone.yml",
        "segments/linked",
    ]
