from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from kohorte.errors import KohorteError

from orchestration.quality.expectations import Suite, never
from orchestration.quality.runner import Result, run_suites
from orchestration.quality.suites import SUITES
from tests.orchestration.small_warehouse import make_warehouse

#: What spoils the good warehouse, and the check that must notice, as table.check.
SPOILED = {
    "int_row_counts.counts_add_up": "update int_row_counts set count_accepted = 17",
    "int_row_counts.few_are_quarantined": """
        update int_row_counts set count_accepted = 9, count_quarantined = 10
    """,
    "int_row_counts.tables_are_not_empty": """
        insert into int_row_counts values ('events', 'shop', 0, 0, 0, 0)
    """,
    "dim_customers.has_rows": "delete from dim_customers",
    "dim_customers.customer_id_is_unique": "insert into dim_customers from dim_customers",
    "dim_customers.customer_id_is_present": "update dim_customers set customer_id = null",
    "dim_customers.everybody_is_in_the_identity_map": """
        delete from int_identity_map where customer_id = 'b'
    """,
    "dim_customers.who_is_reachable_has_an_address": """
        update dim_customers set is_email_reachable = true
    """,
    "dim_customers.is_registered_or_a_guest": "update dim_customers set is_guest = true",
    "dim_customers.nobody_comes_from_the_future": """
        update dim_customers set registered_at = timestamp '2026-07-01'
    """,
    "dim_customers.gender_is_known": "update dim_customers set gender = 'F'",
    "dim_customers.latitude_is_in_range": "update dim_customers set latitude = 482",
    "dim_customers.email_has_the_right_form": "update dim_customers set email = 'nobody'",
    "dim_customers.country_has_the_right_form": "update dim_customers set country = 'Austria'",
    "fct_orders.order_id_is_unique": "insert into fct_orders from fct_orders",
    "fct_orders.status_is_known": "update fct_orders set status = 'done'",
    "fct_orders.gross_amount_is_in_range": "update fct_orders set gross_amount = -1",
    "fct_orders.total_adds_up": "update fct_orders set tax_amount = 19",
    "fct_orders.net_revenue_adds_up": "update fct_orders set is_cancelled = true",
    "fct_orders.nothing_comes_from_the_future": """
        update fct_orders set ordered_at = timestamp '2026-07-01'
    """,
    "fct_orders.order_numbers_have_no_gaps": """
        update fct_orders set order_number = 3 where order_number = 2
    """,
    "fct_orders.customer_id_is_present": """
        update fct_orders set customer_id = null where order_number = 1
    """,
    "fct_orders.currency_has_the_right_form": "update fct_orders set currency = '€'",
    "fct_orders.few_are_cancelled": "update fct_orders set is_cancelled = order_number = 1",
    "fct_orders.the_newest_is_recent": "update int_clock set as_of = timestamp '2026-07-08'",
    "fct_order_lines.every_line_has_its_order": "delete from fct_orders where order_number = 1",
    "fct_order_lines.no_more_is_returned_than_bought": """
        update fct_order_lines set returned_quantity = 3
    """,
    "fct_order_lines.what_is_cancelled_earns_nothing": """
        update fct_order_lines set is_cancelled = true
    """,
    "fct_order_lines.product_name_is_present": "update fct_order_lines set product_name = null",
    "dim_customer_features.everybody_has_features": """
        delete from dim_customer_features where customer_id = 'b'
    """,
    "dim_customer_features.longer_windows_hold_shorter_ones": """
        update dim_customer_features set count_orders_30d = 3
    """,
    "dim_customer_features.orders_add_up": "delete from fct_orders where order_number = 2",
    "dim_customer_features.nothing_comes_from_the_future": """
        update dim_customer_features set last_order_at = timestamp '2026-07-01'
    """,
    "dim_customer_features.share_discounted_orders_365d_is_in_range": """
        update dim_customer_features set share_discounted_orders_365d = 1.5
    """,
    "dim_segments.members_are_as_many_as_expected": """
        update dim_segments set expected_min_members = 2
    """,
    "dim_segments.none_is_empty": "update dim_segments set members = 0",
    "dim_segments.none_is_everybody": "update dim_segments set share_of_customers = 1",
    "dim_products.product_id_is_unique": "insert into dim_products from dim_products",
    "dim_products.product_name_is_present": "update dim_products set product_name = null",
    "dim_products.price_is_in_range": "update dim_products set price = -1",
    "fct_events.event_id_is_present": "update fct_events set event_id = null",
    "fct_events.event_name_is_present": "update fct_events set event_name = null",
    "fct_events.nothing_comes_from_the_future": """
        update fct_events set occurred_at = timestamp '2026-07-01'
    """,
    "fct_points.points_is_present": "update fct_points set points = null",
    "fct_points.entry_type_is_known": "update fct_points set entry_type = 'gift'",
    "fct_messages.channel_is_known": "update fct_messages set channel = 'fax'",
    "fct_messages.who_clicked_was_sent_it_before": """
        update fct_messages set opened_at = timestamp '2026-06-29'
    """,
    "fct_consents.channel_is_known": "update fct_consents set channel = 'fax'",
    "fct_answers.question_is_present": "update fct_answers set question = null",
    "fct_referrals.nobody_refers_themselves": """
        update fct_referrals set referred_customer_id = 'a'
    """,
    "fct_orders.numbers_are_as_before": """
        insert into rpt_quality_metrics
        select as_of, 'day', 'fct_orders', 'rows', as_of, 9, 10, 12, 'unusual', false
        from int_clock
    """,
    "fct_orders.numbers_are_not_far_off": """
        insert into rpt_quality_metrics
        select as_of, 'day', 'fct_orders', 'rows', as_of, 1, 10, 12, 'extreme', false
        from int_clock
    """,
    "fct_segment_members.nobody_is_in_a_segment_twice": """
        insert into fct_segment_members from fct_segment_members
    """,
    "fct_segment_members.sizes_are_those_of_dim_segments": "delete from fct_segment_members",
    "fct_segment_members.members_are_customers": """
        update fct_segment_members set customer_id = 'c'
    """,
}


def _failed(results: list[Result]) -> set[str]:
    return {f"{found.table}.{found.check.name}" for found in results if not found.passed}


def test_a_good_warehouse_passes_every_check(tmp_path: Path) -> None:
    results = run_suites(make_warehouse(tmp_path))
    assert len(results) == sum(len(suite.checks) for suite in SUITES)
    assert _failed(results) == set(), [found.reason for found in results if found.reason]


@pytest.mark.parametrize("check", SPOILED)
def test_what_is_wrong_is_noticed(check: str, tmp_path: Path) -> None:
    path = make_warehouse(tmp_path, SPOILED[check])
    table, _, name = check.partition(".")
    suite = next(suite for suite in SUITES if suite.table == table)
    chosen = tuple(each for each in suite.checks if each.name == name)
    (found,) = run_suites(path, [Suite(table, chosen)])
    assert not found.passed
    assert not found.reason


def test_check_names_are_unique_within_a_suite() -> None:
    for suite in SUITES:
        names = [check.name for check in suite.checks]
        assert len(names) == len(set(names)), suite.table


def test_the_number_of_wrong_rows_is_told(tmp_path: Path) -> None:
    path = make_warehouse(tmp_path, "update fct_orders set status = 'done'")
    results = {f"{found.table}.{found.check.name}": found for found in run_suites(path)}
    assert results["fct_orders.status_is_known"].unexpected == 3
    assert results["fct_orders.total_adds_up"].unexpected == 0


def test_a_missing_table_fails_all_checks_of_its_suite_and_no_other(tmp_path: Path) -> None:
    path = make_warehouse(tmp_path, "drop table fct_segment_members")
    failed = [found for found in run_suites(path) if not found.passed]
    assert {found.table for found in failed} == {"fct_segment_members"}
    assert {found.reason for found in failed} == {"there is no such table"}


def test_a_missing_column_fails_its_checks_with_a_reason(tmp_path: Path) -> None:
    path = make_warehouse(tmp_path, "alter table fct_orders drop column status")
    reasons = {found.check.name: found.reason for found in run_suites(path) if not found.passed}
    assert list(reasons) == ["status_is_known"]
    assert reasons["status_is_known"]


def test_a_reason_does_not_repeat_what_is_in_the_table(tmp_path: Path) -> None:
    suite = Suite("dim_customers", (never("breaks", "It breaks.", "email::integer = 1"),))
    (found,) = run_suites(make_warehouse(tmp_path), [suite])
    assert found.reason == "it could not be evaluated: ConversionException"


def test_a_check_that_breaks_leaves_the_others_alone(tmp_path: Path) -> None:
    breaks = never("breaks", "It breaks.", "email::integer = 1")
    suites = [
        Suite(suite.table, (breaks, *suite.checks)) if suite.table == "dim_customers" else suite
        for suite in SUITES
    ]
    results = run_suites(make_warehouse(tmp_path), suites)
    assert len(results) > len(suites)
    assert _failed(results) == {"dim_customers.breaks"}


def test_a_missing_warehouse_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(KohorteError, match="make run"):
        run_suites(tmp_path / "none.duckdb")
    assert not (tmp_path / "none.duckdb").exists()


def test_another_process_can_write_once_the_suites_are_through(tmp_path: Path) -> None:
    path = make_warehouse(tmp_path)
    run_suites(path)
    code = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('create table t as select 1')"
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)


def test_great_expectations_is_not_loaded_before_a_check_runs() -> None:
    code = (
        "import sys, orchestration.quality.runner; assert 'great_expectations' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
