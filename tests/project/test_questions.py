"""The analyst's commands on the built demo shop, driven as a process."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import duckdb
import pytest
from kohorte.analyst.counting import count
from kohorte.analyst.evaluation import evaluate, read_definitions
from kohorte.analyst.explaining import explain
from kohorte.analyst.warehouse import open_warehouse

from tests.conftest import ROOT

KOHORTE = Path(sys.executable).with_name("kohorte")
#: What of the project the commands read.
PROJECT = ("dbt_project.yml", "profiles.yml", "models", "seeds", "segments")

#: A rule of ranks, one of other segments, one of activities, a tier, and one with a limit.
COUNTED = ("high_spenders", "lapsing_vips", "abandoned_carts", "status__gold", "win_back_test")


class Shop:
    """Runs commands on a project and a warehouse."""

    def __init__(self, root: Path, warehouse: Path) -> None:
        self.root, self.warehouse = root, warehouse

    def __call__(
        self, *arguments: str, status: int = 0, given: str = ""
    ) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            [str(KOHORTE), *arguments, "--project-dir", str(self.root)],
            env={**os.environ, "KOHORTE_WAREHOUSE": str(self.warehouse)},
            input=given, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert result.returncode == status, result.stderr + result.stdout
        assert "Traceback" not in result.stderr
        assert "\x1b" not in result.stdout
        return result

    def answer(self, *arguments: str, given: str = "") -> Any:
        """Return what a command prints as JSON."""
        return json.loads(self(*arguments, "--json", given=given).stdout)


@pytest.fixture
def shop(demo_warehouse: Path) -> Shop:
    return Shop(ROOT, demo_warehouse)


@pytest.fixture
def own_shop(tmp_path: Path, demo_warehouse: Path) -> Shop:
    """A copy of the project, whose specs may be changed, in a git repository."""
    root = tmp_path / "project"
    root.mkdir()
    for name in PROJECT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name)
        else:
            shutil.copy(ROOT / name, root / name)
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    for arguments in (("init", "-q"), ("add", "-A"), (*identity, "commit", "-qm", "before")):
        subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)
    return Shop(root, demo_warehouse)


def _built(warehouse: Path) -> dict[str, int]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return dict(connection.execute("select segment, members from dim_segments").fetchall())


def test_count_says_of_every_sample_segment_what_the_build_says(
    demo_warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOHORTE_WAREHOUSE", str(demo_warehouse))
    definitions = read_definitions(ROOT)
    built = _built(demo_warehouse)
    with open_warehouse(ROOT) as warehouse:
        evaluate(warehouse, definitions, definitions.specs.segments, "asked_for")
        sizes = dict(warehouse.rows("select segment, count(*) from asked_for group by segment"))
        for name in definitions.names():
            assert sizes.get(name, 0) == built[name], name
        for name in COUNTED:
            answer = count(warehouse, definitions, definitions.segment(name))
            assert answer.members == built[name], name
            after = [step.together for step in answer.funnel]
            assert after == sorted(after, reverse=True)
            assert all(step.together <= step.alone for step in answer.funnel)


def test_explain_agrees_with_the_build_for_members_and_others(
    demo_warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOHORTE_WAREHOUSE", str(demo_warehouse))
    definitions = read_definitions(ROOT)
    segments = [definitions.segment(name) for name in definitions.names()]
    with open_warehouse(ROOT) as warehouse:
        customers = warehouse.rows(
            "select customer_id from dim_customer_features order by hash(customer_id) limit 2"
        )
        everybody = set(warehouse.rows("select segment, customer_id from fct_segment_members"))
    for (customer,) in customers:
        with open_warehouse(ROOT) as warehouse:
            for each in explain(warehouse, definitions, customer, segments):
                is_built = (each.segment, customer) in everybody
                assert each.is_member == is_built, each.segment
                assert (each.stay is not None) == is_built
                if definitions.segment(each.segment).limit is None:
                    assert each.conditions.holds == is_built


def test_count_of_a_draft_from_standard_input_and_of_a_bare_condition(shop: Shop) -> None:
    where = "[{net_revenue_365d: {gte: 500}}, {did: orders, within: 90 days}]"
    spec = f"version: 1\nsegments:\n  my_draft: {{where: {where}}}\n"
    (piped,) = shop.answer("count", "-", given=spec)
    (bare,) = shop.answer("count", "--where", where)
    with duckdb.connect(str(shop.warehouse), read_only=True) as connection:
        found = connection.execute(
            """
            select count(*) from dim_customer_features
            where net_revenue_365d >= 500 and customer_id in (
                select customer_id from fct_orders
                where ordered_at >= (select as_of - interval 90 day from int_clock)
            )
            """
        ).fetchone()
    assert found == (piped["members"],)
    assert piped["segment"] == "my_draft"
    assert piped["funnel"] == bare["funnel"]
    assert piped["members"] == bare["members"] == piped["funnel"][-1]["together"]


def test_a_draft_takes_the_place_of_what_bears_its_name(own_shop: Shop, tmp_path: Path) -> None:
    draft = tmp_path / "draft.yml"
    draft.write_text("version: 1\nsegments: {big_baskets: {where: {country: AT}}}\n")
    (drafted,) = own_shop.answer("count", str(draft))
    (declared,) = own_shop.answer("count", "big_baskets")
    assert drafted["definition"] == "country is AT"
    assert drafted["members"] != declared["members"]


def test_examples_are_masked_unless_asked_for(shop: Shop) -> None:
    with duckdb.connect(str(shop.warehouse), read_only=True) as connection:
        people = connection.execute(
            "select email, last_name from dim_customers where email is not null"
        ).fetchall()
    masked = shop("count", "thirties_and_forties").stdout
    shown = shop("count", "thirties_and_forties", "--show-personal", "--json").stdout
    assert not any(email in masked for email, _ in people)
    assert any(email in shown for email, _ in people)


def test_list_and_show_say_what_was_built(shop: Shop) -> None:
    listed = {each["segment"]: each["members"] for each in shop.answer("list")}
    assert listed == _built(shop.warehouse)
    shown = shop("show", "high_spenders", "--sql").stdout
    assert "net_revenue_365d is more than 0" in shown
    assert "used by: lapsing_vips" in shown
    assert "int_segment_words__customer as (" in shown
    assert set(shop.answer("show", "lapsing_vips")["uses"]) == {"do_not_contact", "high_spenders"}


def test_overlap_counts_who_is_in_both(shop: Shop) -> None:
    (pair,) = shop.answer("overlap", "high_spenders", "status__gold")
    with duckdb.connect(str(shop.warehouse), read_only=True) as connection:
        both = connection.execute(
            """
            select count(*) from (
                select customer_id from fct_segment_members where segment = 'high_spenders'
                intersect
                select customer_id from fct_segment_members where segment = 'status__gold'
            )
            """
        ).fetchone()
    assert both == (pair["shared"],)
    assert "name two segments" in shop("overlap", "high_spenders", status=1).stderr


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_export_writes_the_members(shop: Shop, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"it's members.{suffix}"
    shop("export", "high_spenders", "--out", str(out))
    reader = {"csv": "read_csv", "parquet": "read_parquet", "jsonl": "read_json"}[suffix]
    rows = duckdb.sql(f"select * from {reader}($$" + str(out) + "$$)").fetchall()
    assert len(rows) == _built(shop.warehouse)["high_spenders"]
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


def test_an_export_with_addresses_is_for_its_owner_alone(shop: Shop, tmp_path: Path) -> None:
    out = tmp_path / "members.csv"
    shop("export", "high_spenders", "--out", str(out), "--show-personal")
    assert "email" in out.read_text(encoding="utf-8").splitlines()[0]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    error = shop("export", "high_spenders", "--out", str(tmp_path / "no" / "x.csv"), status=1)
    assert "cannot be written" in error.stderr
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    error = shop("export", "high_spenders", "--out", str(folder), status=1)
    assert "it is there, and no file" in error.stderr


def test_diff_says_who_enters_and_who_leaves(own_shop: Shop) -> None:
    nothing = {"segments": [], "affected": []}
    assert json.loads(own_shop("diff", "--format", "json").stdout) == nothing
    path = own_shop.root / "segments" / "value.yml"
    text = path.read_text(encoding="utf-8")
    text = text.replace(
        "average_order_value_365d: {gte: 150}", "average_order_value_365d: {gte: 100}"
    )
    path.write_text(text.replace("many_returns", "sends_back"), encoding="utf-8")
    told = json.loads(own_shop("diff", "--format", "json").stdout)
    found = {each["segment"]: each for each in told["segments"]}
    assert {name: each["kind"] for name, each in found.items()} == {
        "big_baskets": "changed", "many_returns": "removed", "sends_back": "added",
    }  # fmt: skip
    built, change = _built(own_shop.warehouse), found["big_baskets"]
    assert change["before"] == built["big_baskets"]
    assert change["now"] == change["before"] + change["entering"] > change["before"]
    assert change["leaving"] == 0
    assert change["added"] == ["average_order_value_365d is at least 100"]
    assert found["sends_back"]["now"] == found["many_returns"]["leaving"] == built["many_returns"]
    own_shop("diff", "--fail-over", "1%", status=3)
    own_shop("diff", "--fail-over", "100%")
    markdown = own_shop("diff", "HEAD", "--format", "markdown").stdout
    assert "| big_baskets | changed |" in markdown
    assert "git knows no commit" in own_shop("diff", "nowhere", status=1).stderr


def test_diff_says_what_hangs_on_a_segment(own_shop: Shop) -> None:
    folder = own_shop.root / "segments"
    path = folder / "value.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("not_within: 60 days", "not_within: 300 days"))
    audiences = (folder / "audiences.yml").read_text(encoding="utf-8")
    (folder / "audiences.yml").write_text(audiences.replace("name: prefers_sms", "name: texts"))
    told = json.loads(own_shop("diff", "--format", "json").stdout)
    hanging = {each["name"]: each for each in told["affected"]}
    assert hanging["win_back_mail"]["kind"] == "moved"
    assert hanging["win_back_mail"]["segments"] == ["lapsing_vips"]
    (warning,) = hanging["win_back_mail"]["warnings"]
    assert warning.endswith("and the sync wants 10")
    assert hanging["sms_fans"]["kind"] == "changed"
    assert "second_order_mail" not in hanging
    assert "audience win_back_mail: moved, by lapsing_vips" in own_shop("diff").stdout


def test_the_unit_tests_of_the_samples_pass(shop: Shop, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    assert shop("test", "--junit", str(report)).stdout.endswith(" 0 failed\n")
    assert int(ET.parse(report).getroot().get("tests") or 0) > 10


def test_a_unit_test_that_fails_says_what_is_different(own_shop: Shop, tmp_path: Path) -> None:
    (own_shop.root / "segments" / "mine.yml").write_text(
        "version: 1\n"
        "tests:\n"
        "  - name: a small basket\n"
        "    customer: {average_order_value_365d: 20}\n"
        "    is_in: big_baskets\n"
    )
    report = tmp_path / "report.xml"
    result = own_shop("test", "big_baskets", "--junit", str(report), status=1)
    assert "FAILED segments/mine.yml:3 a small basket" in result.stdout
    assert "should be in big_baskets" in result.stdout
    assert "average_order_value_365d is at least 150  (has: 20)" in result.stdout
    assert ET.parse(report).getroot().find("testcase/failure") is not None


def test_mistakes_in_unit_tests_are_told_with_their_place(own_shop: Shop) -> None:
    (own_shop.root / "segments" / "mine.yml").write_text(
        "version: 1\n"
        "tests:\n"
        "  - {customer: {agee: 3}, is_in: big_baskets}\n"
        "  - {customer: {age: 3}}\n"
        "  - {did: {orders: {channel: web}}, is_in: big_basket}\n"
    )
    told = own_shop("validate", status=1).stderr
    for expected in (
        "segments/mine.yml:3:17: entity customer has no attribute `agee`",
        "segments/mine.yml:4:5: nothing is expected",
        "segments/mine.yml:5:20: `ordered_at` is missing",
        "segments/mine.yml:5:44: there is no segment `big_basket`",
    ):
        assert expected in told, told


def test_new_writes_a_spec_that_counts(own_shop: Shop) -> None:
    label = 'Very "quiet" VIPs: {{ 1 }} # '
    own_shop("new", label, "--where", "last_order_at: {older_than: 60 days}")
    path = own_shop.root / "segments" / "very_quiet_vips_1.yml"
    (counted,) = own_shop.answer("count", "very_quiet_vips_1")
    assert counted["definition"] == "last_order_at is longer than 60 days ago"
    text = path.read_text(encoding="utf-8")
    assert "already" in own_shop("new", label, status=1).stderr
    assert path.read_text(encoding="utf-8") == text
    bad = own_shop("new", "Other", "--where", "agee: 3", status=1)
    assert "`agee`" in bad.stderr
    assert not (own_shop.root / "segments" / "other.yml").exists()


def test_doctor_names_problems_and_remedies(own_shop: Shop) -> None:
    assert all(finding["is_well"] for finding in own_shop.answer("doctor"))
    own_shop("new", "Not built yet", "--where", "age: 30")
    told = own_shop("doctor", status=1).stdout
    assert "not built as declared: not_built_yet" in told
    assert "remedy: run: make run" in told


@pytest.mark.parametrize(
    "arguments",
    [
        ("list",), ("count", "high_spenders"),
    ],
)  # fmt: skip
def test_a_warehouse_that_cannot_be_asked_is_told(
    own_shop: Shop, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    missing = Shop(own_shop.root, tmp_path / "missing.duckdb")
    assert "there is no warehouse" in missing(*arguments, status=1).stderr
    broken = Shop(own_shop.root, tmp_path / "broken.duckdb")
    broken.warehouse.write_text("not a database, and long enough to be looked at" * 99)
    assert "cannot be read as a DuckDB file" in broken(*arguments, status=1).stderr
    half = Shop(own_shop.root, tmp_path / "half.duckdb")
    with duckdb.connect(str(half.warehouse)) as connection:
        assert "is in use by a build" in half(*arguments, status=1).stderr
        connection.execute("create table int_clock (as_of timestamp)")
    assert "half built" in half(*arguments, status=1).stderr


def test_unknown_names_are_told_with_the_nearest(shop: Shop) -> None:
    assert "did you mean high_spenders?" in shop("count", "high_spender", status=1).stderr
    assert "did you mean high_spenders?" in shop("show", "high_spender", status=1).stderr
    assert "there is no customer" in shop("explain", "x'; drop table x", status=1).stderr
    binary = subprocess.run(
        [str(KOHORTE), "count", "-"],
        input=b"\xff\xfe\x00",
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    assert binary.stderr == b"standard input: not UTF-8 text\n"
    assert "a name or --where" in shop("count", "a", "--where", "age: 3", status=1).stderr


def test_the_command_line_starts_without_what_is_slow() -> None:
    code = (
        "import sys, kohorte.cli;"
        "slow = {'dbt', 'dagster', 'pandas', 'duckdb', 'numpy', 'sqlglot'} & set(sys.modules);"
        "assert not slow, slow"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_evaluating_changes_nothing_in_the_warehouse(
    demo_warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOHORTE_WAREHOUSE", str(demo_warehouse))
    before = demo_warehouse.read_bytes()[:4096], demo_warehouse.stat().st_mtime_ns
    definitions = read_definitions(ROOT)
    with open_warehouse(ROOT) as warehouse:
        evaluate(warehouse, definitions, definitions.specs.segments, "asked_for")
    assert (demo_warehouse.read_bytes()[:4096], demo_warehouse.stat().st_mtime_ns) == before
