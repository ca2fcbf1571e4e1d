from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import yaml

GOLDEN = Path(__file__).with_name("location.yml")


def _check(node: Any) -> str:
    return str(node.key.name) if node.blocking else f"{node.key.name} (warns)"


def _description(defs: dg.Definitions) -> dict[str, Any]:
    """Return what a reviewer wants to see of a location, ordered."""
    repository = defs.get_repository_def()
    graph = defs.resolve_asset_graph()
    return {
        "assets": {
            key.to_user_string(): {
                "group": graph.get(key).group_name,
                "kinds": ", ".join(sorted(graph.get(key).kinds)),
                "deps": sorted(parent.to_user_string() for parent in graph.get(key).parent_keys),
                "checks": sorted(_check(graph.get(check)) for check in graph.get(key).check_keys),
            }
            for key in sorted(graph.get_all_asset_keys())
        },
        "jobs": {
            job.name: sorted(node.name for node in job.nodes)
            for job in repository.get_all_jobs()
            if not job.name.startswith("__")
        },
        "partitions": {
            job.name: str(job.partitions_def)
            for job in repository.get_all_jobs()
            if job.partitions_def and not job.name.startswith("__")
        },
        "schedules": {
            schedule.name: {
                "job": schedule.job_name,
                "cron": schedule.cron_schedule,
                "timezone": schedule.execution_timezone,
            }
            for schedule in repository.schedule_defs
        },
        "sensors": {sensor.name: sensor.description for sensor in repository.sensor_defs},
    }


def test_the_location_is_what_was_reviewed(location: dg.Definitions, update_golden: bool) -> None:
    text = yaml.safe_dump(_description(location), sort_keys=False, width=100)
    if update_golden:
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_the_location_is_loadable(location: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(location)


def test_every_op_that_opens_the_warehouse_waits_for_the_others(location: dg.Definitions) -> None:
    job = location.resolve_job_def("build")
    assert {node.name: node.definition.pools for node in job.nodes} == {
        "dbt_models": {"warehouse"},
        "quality": {"warehouse"},
        "publication": {"warehouse"},
        "audiences__second_order_mail": {"sync"},
        "audiences__sms_fans": {"sync"},
        "audiences__win_back_mail": {"sync"},
    }


def test_days_that_were_missed_are_not_told_to_the_tools(location: dg.Definitions) -> None:
    job = location.resolve_job_def("backfill")
    assert {node.name for node in job.nodes} == {"dbt_models", "quality", "publication"}


def test_dbt_runs_once_and_is_checked_before_it_is_published(
    built: dg.ExecuteInProcessResult,
) -> None:
    steps = [event.step_key for event in built.all_events if event.is_step_start]
    assert steps[:3] == ["dbt_models", "quality", "publication"]
    assert all(step.startswith("audiences__") for step in steps[3:])


def test_a_build_brings_the_audiences_into_their_tools(
    built: dg.ExecuteInProcessResult, warehouse: Path
) -> None:
    told = {
        event.asset_key.path[-1]: event.materialization.metadata
        for event in built.get_asset_materialization_events()
        if event.asset_key and event.asset_key.path[0] == "audiences"
    }
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        wanted = connection.sql(
            "select audience, count(*) from fct_audience_members group by audience"
        ).fetchall()
    assert wanted
    assert {name: told[name]["confirmed"].value for name, _ in wanted} == dict(wanted)


def test_a_build_materializes_every_asset(
    built: dg.ExecuteInProcessResult, location: dg.Definitions
) -> None:
    materialized = {event.asset_key for event in built.get_asset_materialization_events()}
    assert built.success
    assert materialized == location.resolve_asset_graph().materializable_asset_keys


def test_a_build_evaluates_every_check_and_no_critical_one_fails(
    built: dg.ExecuteInProcessResult, location: dg.Definitions
) -> None:
    evaluations = built.get_asset_check_evaluations()
    assert {each.asset_check_key for each in evaluations} == set(
        location.resolve_asset_graph().asset_check_keys
    )
    failed = [
        f"{each.asset_key.to_user_string()}.{each.check_name}"
        for each in evaluations
        if not each.passed and each.severity == dg.AssetCheckSeverity.ERROR
    ]
    assert failed == []


def test_a_build_says_how_many_segments_and_members_there_are(
    built: dg.ExecuteInProcessResult, warehouse: Path
) -> None:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        segments = connection.sql("select count(*) from dim_segments").fetchall()[0][0]
        members = connection.sql("select count(*) from fct_segment_members").fetchall()[0][0]
    told = {
        event.asset_key.to_user_string(): event.asset_observation_data.asset_observation.metadata
        for event in built.get_asset_observation_events()
    }
    assert told["dim_segments"]["segments"].value == segments > 0
    assert told["fct_segment_members"]["members"].value == members > 0


def test_nothing_keeps_the_warehouse_open_after_a_build(
    built: dg.ExecuteInProcessResult, warehouse: Path
) -> None:
    code = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('checkpoint')"
    subprocess.run([sys.executable, "-c", code, str(warehouse)], check=True)


def test_a_part_of_the_project_can_be_built_alone(
    built: dg.ExecuteInProcessResult, location: dg.Definitions
) -> None:
    key = dg.AssetKey("dim_segments")
    job = location.resolve_job_def("build")
    result = job.execute_in_process(asset_selection=[key], instance=dg.DagsterInstance.ephemeral())
    assert {event.asset_key for event in result.get_asset_materialization_events()} == {key}
    assert {each.asset_check_key for each in result.get_asset_check_evaluations()} == set(
        location.resolve_asset_graph().get(key).check_keys
    )


def test_a_build_tells_which_raw_files_it_was_made_from(built: dg.ExecuteInProcessResult) -> None:
    told = {
        event.asset_key: event.asset_observation_data.asset_observation
        for event in built.get_asset_observation_events()
    }
    orders = told[dg.AssetKey(["shop", "orders"])]
    assert orders.metadata["files"].value == 1
    assert orders.data_version


def test_a_run_says_which_data_and_which_code_it_is_of(
    built: dg.ExecuteInProcessResult, warehouse: Path
) -> None:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        (as_of,) = connection.sql("select as_of from int_clock").fetchone() or (None,)
    tags = built.dagster_run.tags
    # The first build has none before it, and the copy is no repository.
    assert "kohorte/data_from" not in tags
    assert tags["kohorte/git_revision"] == "none"
    assert tags["kohorte/data_until"] == f"{as_of:%Y-%m-%dT%H:%M:%SZ}"


def test_importing_the_location_touches_nothing() -> None:
    code = (
        "import orchestration.definitions, sys\n"
        "assert not {'duckdb', 'great_expectations'} & set(sys.modules), 'too much is loaded'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
