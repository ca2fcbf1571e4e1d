"""Compiled SQL says what the reference evaluator says, for every customer."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.kohorte.worlds import compiled_members, documents, worlds
from tests.reference.evaluator import World, evaluate, variants

#: `make fuzz` runs many more.
EXAMPLES = int(os.environ.get("KOHORTE_EXAMPLES", "120"))
CHECKED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES <= 120,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    print_blob=True,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tmp_path_factory.mktemp("segments")


@CHECKED
@given(document=documents(), world=worlds())
def test_compiled_members_are_those_of_the_reference(
    folder: Any, document: dict[str, Any], world: World
) -> None:
    members, found = compiled_members(document, world, folder)
    assert members == evaluate(document, world)
    assert found == {name: who for name, who in variants(document, world).items() if who}
