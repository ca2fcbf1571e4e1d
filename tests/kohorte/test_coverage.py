"""Every word of the language stands in a golden case; the list of them is a page."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kohorte.catalog import Column, Type
from kohorte.conditions import heads
from kohorte.moments import CALENDAR_UNITS, UNITS
from kohorte.schema import spec_schema
from kohorte.shapes import Schema

from tests.conftest import ROOT
from tests.kohorte import harness
from tests.kohorte.test_schema import CASES, read

PAGE = ROOT / "docs" / "language-coverage.md"
INTRODUCTION = """\
# What the golden cases cover

Every word of the segment language, and the cases in `tests/kohorte/cases` that it stands
in. A dot leads into a value. Made by `tests/kohorte/test_coverage.py`, which fails where a
word has no case."""
#: How many cases of a word are named.
NAMED = 5
#: A chapter of the language, and a word in it.
Word = tuple[str, str]
_CALENDAR_KEYS = ("this", "previous")
_PERIOD = re.compile(r"[0-9]+ *([a-z]+?)s?(?: ago)?")


class Language:
    """The words that the schema knows, and those that a spec is written in."""

    def __init__(self) -> None:
        self.catalog = harness.catalog()
        self.schema = spec_schema(self.catalog, [])
        self.forms = self._forms("customer.condition")
        self.steps = self._forms("customer.step")

    def known(self) -> list[Word]:
        """Return every word, in the order of the language."""
        words = [("file", word) for word in self._known(self.schema)]
        for section in ("segments", "ladders", "waterfalls"):
            shape = self.schema["$defs"][f"customer.{section}"]
            words += [(section, word) for word in self._known(shape)]
        for head in heads():
            words.append(("conditions", head))
            words += [("conditions", word) for word in self._of_form(self._known, head)]
        words += [("steps", word) for form in self.steps.values() for word in self._known(form)]
        for type_ in Type:
            shape = self.schema["$defs"][type_]
            plain = ["a plain value", "a plain list"] if "array" in shape["type"] else []
            words += [(f"tests of {type_}", word) for word in [*plain, *self._known(shape)]]
        calendar = [f"{key}: {unit}" for key in _CALENDAR_KEYS for unit in CALENDAR_UNITS]
        return list(dict.fromkeys([*words, *(("units", unit) for unit in (*UNITS, *calendar))]))

    def used(self, document: Any) -> Iterator[Word]:
        """Yield the words that a spec is written in."""
        yield from (("file", word) for word in self._used(self.schema, document))
        for section in ("segments", "ladders", "waterfalls"):
            shape = self.schema["$defs"][f"customer.{section}"]
            for entry in document.get(section, {}).values():
                yield from ((section, word) for word in self._used(shape, entry))
                yield from self._in_condition(entry.get("where", []))
        for key, value in _values(document):
            period = _PERIOD.fullmatch(value)
            if period and period[1] in UNITS:
                yield "units", period[1]
            elif key in _CALENDAR_KEYS:
                yield "units", f"{key}: {value}"

    def _in_condition(self, node: Any) -> Iterator[Word]:
        if isinstance(node, list):
            for item in node:
                yield from self._in_condition(item)
            return
        head = next((key for key in node if key in heads()), None)
        if head is None:
            ((name, value),) = node.items()
            yield from self._in_test(self.catalog.entities["customer"].attributes[name], value)
            return
        yield "conditions", head
        yield from (("conditions", word) for word in self._of_form(self._used, head, node))
        yield from self._in_where(node.get(head), node.get("where", {}))
        if head in ("all", "any", "none", "not"):
            yield from self._in_condition(node[head])
        for step in node[head]["steps"] if head == "sequence" else ():
            did = next(key for key in step if key in self.steps)
            yield from (("steps", word) for word in self._used(self.steps[did], step))
            yield from self._in_where(step[did], step.get("where", {}))

    def _in_where(self, activity: Any, where: dict[str, Any]) -> Iterator[Word]:
        for name, value in where.items():
            columns = self.catalog.activities[activity.split(".")[0]].columns
            yield from self._in_test(columns[name], value)

    def _in_test(self, column: Column, value: Any) -> Iterator[Word]:
        if isinstance(value, dict):
            shape = self.schema["$defs"][column.type]
            yield from ((f"tests of {column.type}", word) for word in self._used(shape, value))
        else:
            kind = "list" if isinstance(value, list) else "value"
            yield f"tests of {column.type}", f"a plain {kind}"

    # --- schemas ----------------------------------------------------------------------

    def _forms(self, name: str) -> dict[str, Schema]:
        """Return what each head of several forms brings along."""
        forms = {}
        shape = self.schema["$defs"][name]
        while "if" in shape:
            forms[shape["if"]["required"][0]] = shape["then"]
            shape = shape["else"]
        return {**forms, "": shape}

    def _of_form(
        self, words: Callable[..., Iterator[str]], head: str, *value: Any
    ) -> Iterator[str]:
        """Yield the words of a condition; the options of `did_not` are those of `did`."""
        if head in self.forms:
            shape = {"properties": {**self.forms["did"]["properties"]}}
            del shape["properties"]["did"]
            yield from (f"did … {word}" for word in words(shape, *value))
        else:
            yield from words({"properties": {head: self.forms[""]["properties"][head]}}, *value)

    def _inside(self, shape: Schema) -> tuple[dict[str, Schema], list[str]]:
        """Return the keys of a shape with their own shapes, and the words it may be."""
        keys = dict(shape.get("properties", {}))
        words = [*shape.get("enum", []), *([shape["const"]] if "const" in shape else [])]
        for part in shape.get("anyOf", []):
            more_keys, more_words = self._inside(part)
            keys |= more_keys
            words += more_words
        return keys, [word for word in words if isinstance(word, str)]

    def _known(self, shape: Schema, before: str = "") -> Iterator[str]:
        keys, words = self._inside(shape)
        yield from (f"{before}: {word}" for word in words if before != "entity")
        for key, inner in keys.items():
            name = f"{before}.{key}".removeprefix(".")
            yield name
            yield from self._known(inner, name)

    def _used(self, shape: Schema, value: Any, before: str = "") -> Iterator[str]:
        keys, words = self._inside(shape)
        if isinstance(value, str) and value in words and before != "entity":
            yield f"{before}: {value}"
        for key in keys.keys() & value.keys() if isinstance(value, dict) else ():
            name = f"{before}.{key}".removeprefix(".")
            yield name
            yield from self._used(keys[key], value[key], name)


def _values(node: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text with the key that it stands under."""
    if isinstance(node, str):
        yield key, node
    elif isinstance(node, dict):
        for name, item in node.items():
            yield from _values(item, name)
    elif isinstance(node, list):
        for item in node:
            yield from _values(item, key)


@pytest.fixture(scope="module")
def cases_by_word() -> dict[Word, list[str]]:
    language = Language()
    cases: dict[Word, list[str]] = {word: [] for word in language.known()}
    for path in CASES:
        for word in set(language.used(read(path))):
            cases[word].append(path.parent.name)
    return cases


def test_every_word_of_the_language_stands_in_a_case(
    cases_by_word: dict[Word, list[str]],
) -> None:
    assert [": ".join(word) for word, cases in cases_by_word.items() if not cases] == []


def test_page_of_what_is_covered_is_up_to_date(
    cases_by_word: dict[Word, list[str]], update_golden: bool
) -> None:
    chapters: dict[str, list[str]] = defaultdict(list)
    for (chapter, word), cases in cases_by_word.items():
        more = f" and {len(cases) - NAMED} more" if len(cases) > NAMED else ""
        named = ", ".join(f"`{case}`" for case in cases[:NAMED])
        chapters[chapter].append(f"| `{word}` | {named}{more} |")
    parts = [INTRODUCTION]
    for chapter, rows in chapters.items():
        table = "\n".join(["| word | cases |", "| --- | --- |", *rows])
        parts += [f"## {chapter[0].upper()}{chapter[1:]}", table]
    page = "\n\n".join(parts) + "\n"
    if update_golden:
        PAGE.write_text(page, encoding="utf-8")
    assert page == PAGE.read_text(encoding="utf-8")
