from __future__ import annotations

from pathlib import Path

from orchestration.transform.arguments import build_arguments, parse_arguments, selection_arguments


def test_a_build_leaves_out_unit_tests_and_sets_no_var_of_its_own() -> None:
    assert build_arguments() == ["build", "--exclude-resource-type", "unit_test"]


def test_as_of_is_a_var() -> None:
    arguments = build_arguments(as_of="2026-07-01")
    assert arguments[-2:] == ["--vars", '{"as_of": "2026-07-01"}']


def test_a_full_refresh_is_asked_for() -> None:
    assert "--full-refresh" in build_arguments(full_refresh=True)


def test_a_selection_is_one_argument_and_takes_no_other_test_with_it() -> None:
    assert selection_arguments(["kohorte.b", "kohorte.a"]) == [
        "--select", "fqn:kohorte.a fqn:kohorte.b", "--indirect-selection", "empty",
    ]  # fmt: skip


def test_parsing_writes_to_its_own_folder() -> None:
    arguments = parse_arguments(Path("/shop"), Path("/shop/target/dagster"))
    assert arguments[arguments.index("--target-path") + 1] == "/shop/target/dagster"
    assert arguments[arguments.index("--log-path") + 1] == "/shop/target/dagster"
