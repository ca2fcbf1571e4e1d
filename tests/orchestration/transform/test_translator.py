from __future__ import annotations

from typing import Any

import pytest

from orchestration.transform.translator import Translator


def _node(path: str, resource_type: str = "model", **config: Any) -> dict[str, Any]:
    return {"resource_type": resource_type, "fqn": path.split("."), "config": config}


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("kohorte.staging.shop.stg_shop__orders", "staging"),
        ("kohorte.intermediate.int_clock", "intermediate"),
        ("kohorte.marts.core.fct_orders", "core"),
        ("kohorte.marts.segments.generated.int_segment_definitions", "segments"),
        ("kohorte.loose", "models"),
    ],
)
def test_a_model_is_grouped_by_its_layer(path: str, group: str) -> None:
    assert Translator().get_group_name(_node(path)) == group


def test_seeds_and_sources_have_groups_of_their_own() -> None:
    assert Translator().get_group_name(_node("kohorte.manual_lists", "seed")) == "seeds"
    assert Translator().get_group_name(_node("kohorte.shop.orders", "source")) == "raw"


def test_an_owner_is_who_the_model_names() -> None:
    translator = Translator()
    owned = _node("kohorte.marts.core.a", meta={"owner": "data@example.com"})
    assert translator.get_owners(owned) == ["data@example.com"]
    assert translator.get_owners(_node("kohorte.marts.core.a")) is None


def test_kinds_are_the_engine_and_how_it_is_kept() -> None:
    manifest = {"metadata": {"adapter_type": "duckdb"}}
    view = _node("kohorte.staging.a", materialized="view")
    assert Translator().get_kinds(manifest, view) == {"dbt", "duckdb", "view"}
    source = _node("kohorte.shop.orders", "source")
    assert Translator().get_kinds(manifest, source) == {"dbt", "duckdb", "source"}
