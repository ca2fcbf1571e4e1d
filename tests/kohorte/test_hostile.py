"""Values are data, and a hostile name or file is refused, or harmless, in bounded time.

Models are rendered by dbt's own Jinja and run on DuckDB; the answers are plain Python's.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from kohorte.catalog import Catalog, read_catalog
from kohorte.compiler import compile_specs
from kohorte.errors import KohorteError, SpecErrors
from kohorte.specs import read_specs

from tests.kohorte import harness
from tests.kohorte.harness import Shop
from tests.kohorte.test_cli import KOHORTE

#: What SQL, Jinja, YAML, Python or a terminal might read something into.
VALUES = (
    "'", "''", '"', "\\", "\\'", "\\\\'", "\\n", "`", "$$", "$1", "$tag$x$tag$", "%", "%s",
    "%(x)s", "%%", "_", "{{ ref('x') }}", "{{ 1/0 }}", "{{", "}}", "{%", "%}", "{#", "#}",
    "{% raw %}", "{% endraw %}", "{%- endraw -%}", "{# c #}", "{{{", "{{{{{", "{", "}", "{{'{{'}}",
    "{{ env_var('HOME') }} {% do x %} {# y #}", "--", "-- x", ";", "; select 1", "/*", "*/",
    "x' or '1'='1", "'; drop table dim_customer_features; --", "') union all select 'x' --",
    "(x)", "not x is null", "SELECT * FROM X", "X AT TIME ZONE 'UTC'", " + CASE WHEN 1", "AbC",
    "null", "NULL", "~", "true", "no", "0x41", "1e5", "2026-01-31", "?", ":x", "@x", "&x", "*x",
    "!x", "#x", "| x", "> x", "- x", "x: y", "[x]", "{x: y}", "<<", "\t", " ", " a ", "a  ",
    "\x01", "\x08", "\x1a", "\x1b[31m", "\x7f", "\u00a0", "\u200b", "\u202eright to left\u202c",
    "\u2060", "\ufeff", "\ufffd", "\ue000", "\ue0000\ue000", "\ue00012\ue000", "\U0001f45f",
    "\U0001f468\u200d\U0001f469", "\u00e9", "e\u0301", "\u00df", "\U0010ffff",
    "__SQLGLOT__LBREAK__", "a" * 300,
)  # fmt: skip
#: What some reader takes for the end of a line.
LINES = (
    "\n", "\n\n", "a\nb", "a\n    b", " \n ", "a\r\nb", "\r", "a\rb", "a\vb", "a\fb", "a\x1cb",
    "a\x1db", "a\x1eb", "a\x85b", "a\u2028b", "a\u2029b", "-- a\n; b", "(\n    x\n)",
    "select *\nfrom x", "a\n\nunion all\n\nb", "{{ x }}\r\n'{% y %}'\n",
)  # fmt: skip
#: 100,000 characters, of one kind or of several.
LONG = {
    "letters": "a" * 100_000,
    "quotes": "'" * 100_000,
    "backslashes": "\\" * 100_000,
    "two bytes each": "\u00e9" * 100_000,
    "emoji": "\U0001f45f" * 100_000,
    "comments": "--/**/" * 16_667,
}
LONG_LINES = {"line ends": "\n" * 100_000, "carriage returns": "a\r\n" * 33_334}
LONG_BRACES = {"braces": "{" * 100_000, "expressions": "{{ x }}{% y %}" * 7_143}

SETS = [
    pytest.param(VALUES, id="signs"),
    pytest.param(LINES, id="line ends"),
]
#: Each model after those that it refers to.
MODELS = (
    "int_segment_definitions",
    "int_segment_conditions__customer",
    "int_segment_words__customer",
    "int_segment_members__customer",
)


def quoted(text: str) -> str:
    """Return a text in YAML's double quotes, with everything escaped but letters."""
    escaped = (c if c.isascii() and c.isalnum() else f"\\U{ord(c):08x}" for c in text)
    return f'"{"".join(escaped)}"'


def spec(rules: Mapping[str, str]) -> str:
    """Return a file with a segment for each rule."""
    segments = [f"  {name}: {{where: {{{rule}}}}}" for name, rule in rules.items()]
    return "\n".join(["version: 1", "segments:", *segments, ""])


def catalog(lists: Iterable[str] = ()) -> Catalog:
    """Return the tests' catalog, with any type of event, and with some lists."""
    known = harness.catalog()
    events = known.activities["events"]
    name = replace(events.columns["event_name"], values=())
    events = replace(events, columns={**events.columns, "event_name": name})
    return replace(known, activities={**known.activities, "events": events}, lists=frozenset(lists))


def through_dbt(text: str) -> str:
    """Return what dbt's Jinja makes of a model."""
    from dbt.clients.jinja import get_rendered

    context = {
        "ref": lambda name: name,
        "config": lambda **settings: "",
        "answers_before": lambda evaluated_by: None,
    }
    return str(get_rendered(text, context))


def opened(
    folder: Path, shop: Shop, text: str, known: Catalog | None = None
) -> duckdb.DuckDBPyConnection:
    """Compile a spec, render its models as dbt does, and run them."""
    known = known or catalog()
    specs = read_specs(harness.write_spec(folder, text), known)
    files = compile_specs(specs, known, "duckdb", shop.timezone)
    connection = duckdb.connect()
    shop.create(connection)
    for name in MODELS:
        if f"{name}.sql" in files:
            rendered = through_dbt(files[f"{name}.sql"])
            connection.execute(f"create table {name} as {rendered}")
    return connection


def found(folder: Path, shop: Shop, text: str, known: Catalog | None = None) -> dict[str, set[str]]:
    """Return the members of every segment."""
    with opened(folder, shop, text, known) as connection:
        return harness.members(connection)


def customers(column: str, values: Iterable[Any]) -> list[dict[str, Any]]:
    """Return customers k0, k1 … with the values of one column, and one without."""
    named = enumerate([*values, None])
    return [{"customer_id": f"k{number}", column: value} for number, value in named]


def holding(values: Sequence[str], test: Callable[[str], bool]) -> set[str]:
    """Return the customers whose value passes a test of plain Python."""
    return {f"k{number}" for number, value in enumerate(values) if test(value)}


# --- values -------------------------------------------------------------------------

#: How a spec tests a text, and what that means in Python of a value and the spec's.
TEXT_TESTS: dict[str, tuple[str, Callable[[str, str], bool]]] = {
    "eq": ("{{eq: {}}}", lambda value, text: value == text),
    "in": ("{{in: [zz, {}]}}", lambda value, text: value == text),
    "contains": ("{{contains: {}}}", lambda value, text: text in value),
    "starts_with": ("{{starts_with: {}}}", lambda value, text: value.startswith(text)),
    "ends_with": ("{{ends_with: {}}}", lambda value, text: value.endswith(text)),
    "eq in any case": (
        "{{eq: {}, ignore_case: true}}",
        lambda value, text: value.lower() == text.lower(),
    ),
    "contains in any case": (
        "{{contains: {}, ignore_case: true}}",
        lambda value, text: text.lower() in value.lower(),
    ),
}


@pytest.mark.parametrize("values", SETS)
@pytest.mark.parametrize("name", TEXT_TESTS)
def test_a_text_is_compared_with_the_value_as_it_stands(
    tmp_path: Path, name: str, values: Sequence[str]
) -> None:
    form, test = TEXT_TESTS[name]
    rules = {f"s{n}": f"city: {form.format(quoted(text))}" for n, text in enumerate(values)}
    members = found(tmp_path, Shop(customers("city", values)), spec(rules))
    for number, text in enumerate(values):
        expected = holding(values, lambda value, text=text: test(value, text))  # type: ignore[misc]
        assert members[f"s{number}"] == expected, repr(text)


@pytest.mark.parametrize("values", SETS)
def test_negative_tests_leave_out_just_the_value(tmp_path: Path, values: Sequence[str]) -> None:
    rules = {}
    for number, text in enumerate(map(quoted, values)):
        rules[f"ne{number}"] = f"city: {{ne: {text}}}"
        rules[f"notin{number}"] = f"city: {{not_in: [{text}]}}"
        rules[f"without{number}"] = f"city: {{not_contains: {text}}}"
    shop = Shop(customers("city", values))
    everyone = {row["customer_id"] for row in shop.customers}
    members = found(tmp_path, shop, spec(rules))
    for number, text in enumerate(values):
        same = holding(values, lambda value, text=text: value == text)  # type: ignore[misc]
        parts = holding(values, lambda value, text=text: text in value)  # type: ignore[misc]
        assert members[f"ne{number}"] == members[f"notin{number}"] == everyone - same
        assert members[f"without{number}"] == everyone - parts


@pytest.mark.parametrize("values", SETS)
def test_a_pattern_is_read_by_the_engine_of_patterns_alone(
    tmp_path: Path, values: Sequence[str]
) -> None:
    # RE2 takes a backslash before any sign of ASCII that is no letter or digit.
    patterns = [re.sub(r"[^0-9A-Za-z\u0080-\U0010ffff]", r"\\\g<0>", text) for text in values]
    rules = {f"s{n}": f"city: {{matches: {quoted(text)}}}" for n, text in enumerate(patterns)}
    members = found(tmp_path, Shop(customers("city", values)), spec(rules))
    for number, text in enumerate(values):
        expected = holding(values, lambda value, text=text: text in value)  # type: ignore[misc]
        assert members[f"s{number}"] == expected, repr(text)


@pytest.mark.parametrize("values", SETS)
def test_items_of_lists_are_looked_up_as_they_stand(tmp_path: Path, values: Sequence[str]) -> None:
    rules = {}
    for number, text in enumerate(map(quoted, values)):
        rules[f"any{number}"] = f"interests: {{has_any: [{text}]}}"
        rules[f"all{number}"] = f"interests: {{has_all: [{text}, shared]}}"
        rules[f"none{number}"] = f"interests: {{has_none: [{text}]}}"
    shop = Shop(customers("interests", [[value, "shared"] for value in values]))
    everyone = {row["customer_id"] for row in shop.customers}
    members = found(tmp_path, shop, spec(rules))
    for number in range(len(values)):
        assert members[f"any{number}"] == members[f"all{number}"] == {f"k{number}"}
        assert members[f"none{number}"] == everyone - {f"k{number}"}


@pytest.mark.parametrize("values", SETS)
def test_types_and_columns_of_activities_are_compared_as_they_stand(
    tmp_path: Path, values: Sequence[str]
) -> None:
    rules = {}
    for number, text in enumerate(values):
        rules[f"type{number}"] = f"did: {quoted(f'events.{text}')}"
        rules[f"where{number}"] = f"did: orders, where: {{channel: {quoted(text)}}}"
        step = f"{{did: orders, where: {{channel: {{contains: {quoted(text)}}}}}}}"
        rules[f"step{number}"] = f"sequence: {{steps: [{step}], same: channel}}"
    time = "2026-07-01 12:00:00"
    shop = Shop(
        customers("city", values),
        orders=[{**row, "ordered_at": time} for row in customers("channel", values)],
        events=[{**row, "occurred_at": time} for row in customers("event_name", values)],
    )
    members = found(tmp_path, shop, spec(rules))
    for number, text in enumerate(values):
        assert members[f"type{number}"] == members[f"where{number}"] == {f"k{number}"}
        expected = holding(values, lambda value, text=text: text in value)  # type: ignore[misc]
        assert members[f"step{number}"] == expected


@pytest.mark.parametrize("values", SETS)
def test_a_literal_of_an_expression_is_a_literal(tmp_path: Path, values: Sequence[str]) -> None:
    rules = {}
    for number, text in enumerate(values):
        literal = "'" + text.replace("'", "''") + "'"
        rules[f"s{number}"] = f"sql: {quoted(f'city = {literal}')}"
    members = found(tmp_path, Shop(customers("city", values)), spec(rules))
    for number, text in enumerate(values):
        assert members[f"s{number}"] == {f"k{number}"}, repr(text)


@pytest.mark.parametrize("values", SETS)
def test_a_seed_is_the_text_that_it_is(tmp_path: Path, values: Sequence[str]) -> None:
    def bucket(seed: str, key: str) -> float:
        return int(hashlib.md5(f"{seed}:{key}".encode()).hexdigest()[:8], 16) / 16**8

    shop = Shop(customers("city", ["x"] * 20))
    keys = {row["customer_id"] for row in shop.customers}
    parts = ["version: 1", "segments:"]
    for number, seed in enumerate(map(quoted, values)):
        parts.append(f"  s{number}: {{where: {{sample: {{percent: 50, seed: {seed}}}}}}}")
        split = f"{{seed: {seed}, variants: {{a: 50, b: 50}}}}"
        parts.append(f"  t{number}: {{where: {{did_not: orders}}, split: {split}}}")
    with opened(tmp_path, shop, "\n".join(parts)) as connection:
        members, variants = harness.members(connection), harness.variants(connection)
    for number, seed in enumerate(values):
        first = {key for key in keys if bucket(seed, key) < 0.5}
        assert members[f"s{number}"] == first, repr(seed)
        assert {key for key, name in variants[f"t{number}"].items() if name == "a"} == first


@pytest.mark.parametrize("values", SETS)
def test_names_of_lists_are_compared_as_they_stand(tmp_path: Path, values: Sequence[str]) -> None:
    parts = ["version: 1", "segments:"]
    for number, name in enumerate(map(quoted, values)):
        parts.append(f"  on{number}: {{where: {{on_list: {name}}}}}")
        parts.append(f"  in{number}: {{kind: manual, include: [{name}]}}")
        parts.append(f"  out{number}: {{where: {{did_not: orders}}, exclude: {name}}}")
    people = customers("city", values)
    lists = {name: [f"k{number}"] for number, name in enumerate(values)}
    members = found(tmp_path, Shop(people, lists=lists), "\n".join(parts), catalog(values))
    for number in range(len(values)):
        assert members[f"on{number}"] == members[f"in{number}"] == {f"k{number}"}
        assert f"k{number}" not in members[f"out{number}"]
        assert len(members[f"out{number}"]) == len(people) - 1


@pytest.mark.parametrize("values", SETS)
def test_texts_about_a_segment_arrive_as_they_were_written(
    tmp_path: Path, values: Sequence[str]
) -> None:
    parts = ["version: 1", "segments:"]
    for number, text in enumerate(map(quoted, values)):
        texts = f"label: {text}, description: {text}, owner: {text}, tags: [{text}, x]"
        parts.append(f"  s{number}: {{where: {{city: {text}}}, {texts}}}")
    with opened(tmp_path, Shop(customers("city", values)), "\n".join(parts)) as connection:
        rows = connection.execute(
            "select segment, label, description, owner, tags, definition"
            " from int_segment_definitions"
        ).fetchall()
        members = harness.members(connection)
    assert {row[0]: row[1:] for row in rows} == {
        f"s{n}": (text, text, text, [text, "x"], f"city is {text}") for n, text in enumerate(values)
    }
    assert members == {f"s{number}": {f"k{number}"} for number in range(len(values))}


@pytest.mark.parametrize(
    "text",
    [
        *(pytest.param(text, id=name) for name, text in LONG.items()),
        *(pytest.param(text, id=name) for name, text in LONG_LINES.items()),
        *(pytest.param(text, id=name) for name, text in LONG_BRACES.items()),
    ],
)
def test_a_very_long_text_is_a_value_like_any_other(tmp_path: Path, text: str) -> None:
    written = json.dumps(text, ensure_ascii=False)
    rules = {
        "same": f"city: {written}",
        "same_start": f"city: {{starts_with: {written}}}",
        "item": f"interests: {{has_any: [{written}]}}",
        "done": f"did: orders, where: {{channel: {written}}}",
        "part": f"city: {{contains: {written}}}",
    }
    about = spec(rules) + f"  told:\n    where: {{city: zz}}\n    description: {written}\n"
    row = {"customer_id": "a", "city": text, "interests": [text]}
    order = {"customer_id": "a", "channel": text, "ordered_at": "2026-07-01"}
    shop = Shop([row, {"customer_id": "b", "city": text + "x"}], [order])
    with opened(tmp_path, shop, about) as connection:
        members = harness.members(connection)
        told = connection.execute(
            "select description from int_segment_definitions where segment = 'told'"
        ).fetchall()
    assert members == {
        "same": {"a"}, "same_start": {"a", "b"}, "item": {"a"}, "done": {"a"},
        "part": {"a", "b"}, "told": set(),
    }  # fmt: skip
    assert told == [(text,)]


@pytest.mark.parametrize(
    "text",
    [
        "city: {}", "city: [x, {}]", "city: {{contains: {}}}", "city: {{starts_with: {}}}",
        "city: {{ends_with: {}}}", "city: {{matches: {}}}", "interests: {{has_any: [{}]}}",
        "did: orders, where: {{channel: {}}}", "sample: {{percent: 1, seed: {}}}", "sql: {}",
    ],
)  # fmt: skip
def test_nul_is_refused_wherever_a_text_may_stand(tmp_path: Path, text: str) -> None:
    rule = text.format('"a\\0b"')
    with pytest.raises(SpecErrors, match="a text with a NUL character") as caught:
        harness.read(harness.write_spec(tmp_path, spec({"s": rule})))
    assert caught.value.problems[0].place.line == 3
    assert "\0" not in str(caught.value)


@pytest.mark.parametrize("key", ["label", "description", "owner", "tags"])
def test_nul_is_refused_in_texts_about_a_segment(tmp_path: Path, key: str) -> None:
    text = f'version: 1\nsegments:\n  s:\n    where: {{age: 1}}\n    {key}: "a\\0b"\n'
    with pytest.raises(SpecErrors, match="a text with a NUL character"):
        harness.read(harness.write_spec(tmp_path, text))


# --- names --------------------------------------------------------------------------

NAMES = (
    "", "a b", " a", "a ", "a'b", 'a"b', "a`b", "a;b", "a--b", "a/*b", "{{x}}", "{% x %}", "{#x#}",
    "a.b", "a/b", "../a", "/etc/passwd", "a\\b", "a\nb", "a\tb", "a\0b", "A", "aB", "1a", "_a",
    "a-b", "$a", "%s", "\u00e4", "\U0001f45f", "\u202ea", "a\u200b", "a__b", "a" * 64,
    "a" * 100_000,
)  # fmt: skip
#: Where a spec gives a name to something, and where it uses one.
GIVEN = {
    "segment": "segments: {{{}: {{where: {{age: 1}}}}}}",
    "ladder": "ladders: {{{}: {{by: age, tiers: {{a: 1}}}}}}",
    "tier": "ladders: {{l: {{by: age, tiers: {{{}: 1}}}}}}",
    "waterfall": "segments: {{s: {{where: {{age: 1}}}}}}\nwaterfalls: {{{}: {{first_match: [s]}}}}",
    "variant": "segments: {{s: {{where: {{age: 1}}, split: {{seed: x, variants: {{{}: 100}}}}}}}}",
}
USED = {
    "branch": "waterfalls: {{w: {{first_match: [{}]}}}}",
    "used segment": "segments: {{s: {{where: {{in_segment: {}}}}}}}",
    "list": "segments: {{s: {{where: {{on_list: {}}}}}}}",
    "excluded": "segments: {{s: {{where: {{age: 1}}, exclude: {}}}}}",
    "entity": "segments: {{s: {{where: {{age: 1}}, entity: {}}}}}",
    "kind": "segments: {{s: {{where: {{age: 1}}, kind: {}}}}}",
    "attribute": "segments: {{s: {{where: {{{}: 1}}}}}}",
    "other attribute": "segments: {{s: {{where: {{age: {{gt: {{attribute: {}}}}}}}}}}}",
    "operator": "segments: {{s: {{where: {{age: {{{}: 1}}}}}}}}",
    "activity": "segments: {{s: {{where: {{did: {}}}}}}}",
    "column": "segments: {{s: {{where: {{did: orders, where: {{{}: 1}}}}}}}}",
    "key": "segments: {{s: {{where: {{age: 1}}, {}: 1}}}}",
    "unit": "segments: {{s: {{where: {{last_order_at: {{within: {}}}}}}}}}",
    "section": "{}: {{}}",
}


@pytest.mark.parametrize("form", [*GIVEN, *USED])
def test_a_hostile_name_is_refused_with_its_place(tmp_path: Path, form: str) -> None:
    text = {**GIVEN, **USED}[form]
    line = 2 + text.count("\n")
    for name in NAMES:
        if form in ("tier", "variant") and name == "a__b":
            continue
        written = f"version: 1\n{text.format(quoted(name))}\n"
        with pytest.raises(SpecErrors) as caught:
            harness.read(harness.write_spec(tmp_path, written))
        message = str(caught.value)
        places = {(one.place.path, one.place.line) for one in caught.value.problems}
        assert places == {("segments/spec.yml", line)}, name[:80]
        assert len(message) < 2_000
        assert all(character == "\n" or character.isprintable() for character in message)


def test_words_of_sql_are_harmless_as_names(tmp_path: Path) -> None:
    words = ("select", "from", "order", "null", "true", "table", "user", "end", "word_0", "on")
    quoted_words = [f'"{word}"' for word in words]
    tiers = ", ".join(f"{word}: {number}" for number, word in enumerate(quoted_words))
    variants = ", ".join(f"{word}: 10" for word in quoted_words)
    text = spec({word: f"age: {number}" for number, word in enumerate(words)}) + (
        f"  split: {{where: {{age: {{gte: 0}}}}, split: {{seed: x, variants: {{{variants}}}}}}}\n"
        f"ladders:\n  group: {{by: age, tiers: {{{tiers}}}}}\n"
        f"waterfalls:\n  union: {{first_match: [{', '.join(quoted_words)}]}}\n"
    )
    people = [{"customer_id": f"k{number}", "age": number} for number in range(len(words))]
    with opened(tmp_path, Shop(people), text) as connection:
        members, split = harness.members(connection), harness.variants(connection)
    for number, word in enumerate(words):
        alone = {f"k{number}"}
        assert members[word] == members[f"union__{word}"] == alone
        assert members[f"group__{word}"] == alone
    assert split["split"].keys() == members["split"]
    assert set(split["split"].values()) <= set(words)


CATALOG = """\
models:
  - name: dim_customer_features
    config:
      meta:
        kohorte: {{entity: {entity}, key: customer_id, places: {{{place}: [x, y]}}}}
    columns:
      - {{name: customer_id, data_type: varchar}}
      - {{name: {attribute}, data_type: integer}}
      - {{name: x, data_type: double}}
      - {{name: y, data_type: double}}
"""


def project(folder: Path, **names: str) -> Path:
    """Write a project whose catalog declares things under some names."""
    root = folder / "project"
    (root / "models").mkdir(parents=True, exist_ok=True)
    declared = {"entity": "customer", "place": "home", "attribute": "age", **names}
    text = CATALOG.format(**{key: quoted(name) for key, name in declared.items()})
    (root / "models" / "catalog.yml").write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name[:20]))
def test_a_hostile_attribute_is_refused_with_file_and_model(tmp_path: Path, name: str) -> None:
    with pytest.raises(KohorteError) as caught:
        read_catalog(project(tmp_path, attribute=name))
    assert str(caught.value).startswith("models/catalog.yml, model dim_customer_features: column")


@pytest.mark.parametrize("what", ["entity", "place"])
def test_a_hostile_entity_or_place_is_refused_with_file_and_model(
    tmp_path: Path, what: str
) -> None:
    for name in NAMES:
        with pytest.raises(KohorteError) as caught:
            read_catalog(project(tmp_path, **{what: name}))
        assert str(caught.value).startswith("models/catalog.yml")


def test_a_place_and_an_attribute_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(KohorteError):
        read_catalog(project(tmp_path, place="age"))


@pytest.mark.parametrize(
    "name",
    ["select", "order", "group", "null", "true", "case", "table", "user", "interval", "date",
     "missing", "of", "features", "moments", "level_1", "word_0", "flag", "as_of", "segment"],
)  # fmt: skip
def test_words_of_sql_are_harmless_as_attributes(tmp_path: Path, name: str) -> None:
    known = read_catalog(project(tmp_path, attribute=name))
    text = (
        f"version: 1\nsegments:\n"
        f"  one: {{where: {{{quoted(name)}: {{gt: 1}}}}}}\n"
        f"  best: {{where: {{{quoted(name)}: {{top: 1, per: {quoted(name)}}}}}}}\n"
        f"  cut: {{where: {{x: {{gte: 0}}}}, limit: {{top: 1, by: {quoted(name)}}}}}\n"
        f"  last: {{where: [{{in_segment: one}}, {{{quoted(name)}: {{lt: {{attribute: x}}}}}}]}}\n"
    )
    specs = read_specs(harness.write_spec(tmp_path, text), known)
    files = compile_specs(specs, known, "duckdb", "UTC")
    with duckdb.connect() as connection:
        Shop().create(connection)
        connection.execute("drop table dim_customer_features")
        connection.execute(
            "create table dim_customer_features as select * from"
            f" (values ('a', 1, 2.0, 0.0), ('b', 2, 3.0, 0.0)) as t(customer_id, \"{name}\", x, y)"
        )
        harness.run_models(connection, files)
        assert harness.members(connection) == {
            "one": {"b"}, "best": {"a", "b"}, "cut": {"b"}, "last": {"b"},
        }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["- kohorte: 1", "models: 'kohorte:'", "models: {a: 'kohorte:'}", "models: ['kohorte:']",
     "models: [{config: {meta: {kohorte: {entity: e, key: k}}}}]",
     "models: [{name: m, config: {meta: {kohorte: word}}}]",
     "models: [{name: m, config: {meta: {kohorte: {entity: e, key: k}}}, columns: [word]}]",
     "models: [{name: m, config: {meta: {kohorte: {entity: e, key: k}}}, columns: [{name: 5}]}]",
     "models: [{name: m, config: {meta: {kohorte: {entity: e, key: k, places: 5}}}}]"],
)  # fmt: skip
def test_a_catalog_of_another_shape_is_told_without_a_traceback(tmp_path: Path, text: str) -> None:
    root = project(tmp_path)
    (root / "models" / "catalog.yml").write_text(text, encoding="utf-8")
    with pytest.raises(KohorteError, match=r"catalog\.yml"):
        read_catalog(root)


# --- files --------------------------------------------------------------------------

FILES = (
    "it's.yml", 'a"b.yml', "{{ ref('x') }}.yml", "{% raw %}.yml", "{# c #}.yml", "--;.yml",
    "a b.yml", "*.yml", "?.yml", "[a].yml", "~.yml", "-rf.yml", "$(id).yml", "%s.yml",
    "\u202egnp.yml", "\U0001f45f.yaml", ".hidden.yml", "a\\b.yml", "a\x1b[31m.yml",
    "a.yml.yml", "\u00e9.yml",
)  # fmt: skip


@pytest.mark.parametrize(
    "names",
    [FILES, pytest.param(("a\nb.yml", "a\r.yml"))],
    ids=["signs", "line ends"],
)
def test_the_name_of_a_file_is_a_value_too(tmp_path: Path, names: Sequence[str]) -> None:
    folder = harness.write_spec(tmp_path, "version: 1\n")
    for number, name in enumerate(names):
        text = spec({f"s{number}": f"age: {number}"})
        (folder / name).write_text(text, encoding="utf-8")
    with opened(tmp_path, Shop(), "version: 1\n") as connection:
        rows = connection.execute("select segment, declared_in from int_segment_definitions")
        assert dict(rows.fetchall()) == {
            f"s{number}": f"segments/{name}" for number, name in enumerate(names)
        }


@pytest.mark.parametrize("name", FILES)
def test_a_mistake_in_a_file_of_any_name_is_told(tmp_path: Path, name: str) -> None:
    folder = harness.write_spec(tmp_path, "version: 1\n")
    (folder / name).write_text(spec({"s": "agee: 1"}), encoding="utf-8")
    with pytest.raises(SpecErrors) as caught:
        harness.read(folder)
    assert [one.place.path for one in caught.value.problems] == [f"segments/{name}"]


def test_a_file_whose_name_is_no_text_is_refused(tmp_path: Path) -> None:
    folder = harness.write_spec(tmp_path, "version: 1\n")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.yml")).write_text(spec({"s": "age: 1"}))
    with pytest.raises(SpecErrors):
        harness.read(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'version: 1\nowner: "\\ud800"\n', "2:11: not YAML: found invalid Unicode"),
        (b'version: 1\nowner: "\\udc00\\ud800"\n', "2:11: not YAML: found invalid Unicode"),
        (b"version: 1 # \xed\xa0\x80\n", "1:1: not UTF-8 text"),
        (b"version: 1 # \xf8\x88\x80\x80\x80\n", "1:1: not UTF-8 text"),
        (b"version: 1 # \xc0\xaf\n", "1:1: not UTF-8 text"),
        ("version: 1\n".encode("utf-16-le"), "1:1: not YAML"),
        ("version: 1\n".encode("utf-32"), "1:1: not UTF-8 text"),
    ],
)
def test_half_a_character_is_told_with_its_place(
    tmp_path: Path, content: bytes, message: str
) -> None:
    folder = harness.write_spec(tmp_path, "")
    (folder / "spec.yml").write_bytes(content)
    with pytest.raises(SpecErrors) as caught:
        harness.read(folder)
    assert f"segments/spec.yml:{message}" in str(caught.value)


def test_links_in_a_circle_are_told(tmp_path: Path) -> None:
    folder = harness.write_spec(tmp_path, spec({"s": "age: 1"}))
    (folder / "a.yml").symlink_to(folder / "b.yml")
    (folder / "b.yml").symlink_to(folder / "a.yml")
    (folder / "itself").symlink_to(folder)
    with pytest.raises(SpecErrors) as caught:
        harness.read(folder)
    told = {one.place.path: one.message for one in caught.value.problems}
    assert told == {
        "segments/a.yml": "cannot be read: Too many levels of symbolic links",
        "segments/b.yml": "cannot be read: Too many levels of symbolic links",
        "segments/itself": "a link to a folder, which is not followed",
    }


def test_a_file_that_may_not_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = harness.write_spec(tmp_path, spec({"s": "age: 1"}))

    def refuse(path: Path, *arguments: Any, **options: Any) -> Any:
        raise PermissionError(13, "Permission denied", str(path))

    for method in ("read_bytes", "read_text", "open"):
        monkeypatch.setattr(Path, method, refuse)
    with pytest.raises(SpecErrors, match=r"segments/spec\.yml:1:1: cannot be read"):
        read_specs(folder, Catalog())


# --- time and memory ----------------------------------------------------------------

#: Ample for what is asked of it below, and far below what would harm a machine.
SECONDS, MEGABYTES = 60, 2_000


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A dbt project without specs."""
    root = tmp_path / "shop"
    shutil.copytree(harness.PROJECT, root)
    (root / "dbt_project.yml").write_text("name: shop\nprofile: shop\n", encoding="utf-8")
    profile = "shop: {target: dev, outputs: {dev: {type: duckdb}}}\n"
    (root / "profiles.yml").write_text(profile, encoding="utf-8")
    harness.write_spec(root, "version: 1\n")
    return root


def validated(root: Path) -> tuple[int, str]:
    """Return what `kohorte validate` says, with a limit to its time and memory."""

    def limit() -> None:
        size = MEGABYTES * 1_000_000
        resource.setrlimit(resource.RLIMIT_AS, (size, size))

    result = subprocess.run(
        [str(KOHORTE), "validate"],
        cwd=root, capture_output=True, text=True, check=False, timeout=SECONDS, preexec_fn=limit,
    )  # fmt: skip
    assert "Traceback" not in result.stderr
    return result.returncode, result.stdout + result.stderr


def test_a_circle_of_2000_segments_is_told_in_bounded_time(shop: Path) -> None:
    count = 2_000
    rules = {f"s{n}": f"in_segment: s{(n + 1) % count}" for n in range(count)}
    harness.write_spec(shop, spec(rules))
    status, told = validated(shop)
    assert (status, told.startswith("1 mistake in the specs")) == (1, True)
    assert f"a circle of segments: {' > '.join([*rules, 's0'])}" in told


def test_a_chain_of_500_segments_compiles_in_bounded_time(shop: Path) -> None:
    rules = {f"s{number}": f"in_segment: s{number + 1}" for number in range(500)}
    harness.write_spec(shop, spec({**rules, "s500": "age: 1"}))
    assert validated(shop) == (0, "501 segments, no mistake\n")


@pytest.mark.parametrize("head", ["any", "all", "none", "not"])
def test_a_group_of_thousands_is_told_or_taken_without_a_traceback(
    tmp_path: Path, head: str
) -> None:
    ages = ", ".join(f"{{age: {number}}}" for number in range(3_000))
    people = [{"customer_id": "a", "age": 1}, {"customer_id": "b", "age": 5_000}]
    members = found(tmp_path, Shop(people), spec({"s": f"{head}: [{ages}]"}))
    expected = {"any": {"a"}, "all": set(), "none": {"b"}, "not": {"a", "b"}}
    assert members["s"] == expected[head]


@pytest.mark.parametrize("operator", ["has_any", "has_all", "has_none"])
def test_a_list_of_thousands_is_looked_up(tmp_path: Path, operator: str) -> None:
    values = [f"v{number}" for number in range(3_000)]
    people = [{"customer_id": "a", "interests": values}, {"customer_id": "b", "interests": ["v7"]}]
    rule = f"interests: {{{operator}: [{', '.join(values)}]}}"
    expected = {"has_any": {"a", "b"}, "has_all": {"a"}, "has_none": set()}
    assert found(tmp_path, Shop(people), spec({"s": rule}))["s"] == expected[operator]


def test_thousands_of_unknown_names_are_told_in_bounded_time(shop: Path) -> None:
    names = range(2_000)
    rules = {f"segment_{n}": f"in_segment: sogment_{n}x" for n in names}
    harness.write_spec(shop, spec(rules))
    status, told = validated(shop)
    assert (status, told.startswith("2000 mistakes in the specs")) == (1, True)


@pytest.mark.parametrize("kind", ["pipe", "endless"])
def test_what_never_ends_is_not_read(shop: Path, kind: str) -> None:
    path = shop / "segments" / "endless.yml"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    status, told = validated(shop)
    assert (status, "segments/endless.yml:1:1: " in told) == (1, True)
