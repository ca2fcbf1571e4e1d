"""The real extracts, built as a user would, against figures counted from the raw rows."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.project.conftest import Warehouse, built

CREDITS_OF_RAW_LINES = """
    select sum(-Quantity * UnitPrice)
    from (select distinct * from '{folder}/online_retail/online_retail.parquet')
    where InvoiceNo like 'C%' and CustomerID is not null
"""
SALES_OF_RAW_LINES = """
    select sum(Quantity * UnitPrice)
    from (select distinct * from '{folder}/online_retail/online_retail.parquet')
    where InvoiceNo not like 'C%' and Quantity > 0
"""


@pytest.fixture(scope="module")
def web_shop_events(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Warehouse:
    folder = tmp_path_factory.mktemp("web_shop_events")
    return built(folder, shared_data, ["web_shop_events"], "EUR")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Warehouse:
    folder = tmp_path_factory.mktemp("both")
    systems = ["complete_journey", "online_retail"]
    return built(folder, shared_data, systems, "EUR", without=("test", "unit_test"))


class TestOnlineRetail:
    def test_the_clean_lines_are_those_of_the_raw_rows(self, online_retail: Warehouse) -> None:
        assert online_retail.row(
            """
            select count(*), count(distinct order_id), count(distinct account_id),
                sum(net_amount)
            from int_order_lines_checked
            inner join (
                select order_id, account_id from int_orders_checked
                where verdict = 'accepted'
            ) using (order_id)
            where verdict in ('accepted', 'duplicate') and account_id is not null
                and net_amount > 0
            """
        ) == (145_450, 7_409, 2_718, Decimal("3332591.9610"))

    def test_the_marts_know_the_same_invoices_and_customers(self, online_retail: Warehouse) -> None:
        assert online_retail.row(
            """
            select count(*), count(distinct customer_id), count(distinct order_id)
            from fct_orders where customer_id is not null
            """
        ) == (7_409, 2_718, 7_409)

    def test_guests_order_without_being_anybody(self, online_retail: Warehouse) -> None:
        assert online_retail.row(
            "select count(*), count(customer_id) from fct_orders where is_guest"
        ) == (717, 0)

    def test_raw_rows_are_accepted_quarantined_or_duplicates(
        self, online_retail: Warehouse
    ) -> None:
        assert online_retail.counts() == {
            ("online_retail", "customers"): (2_767, 2_767, 0, 0),
            ("online_retail", "orders"): (8_126, 8_126, 0, 0),
            ("online_retail", "order_lines"): (209_029, 202_533, 4_768, 1_728),
            ("online_retail", "products"): (3_418, 3_418, 0, 0),
        }

    def test_quarantine_holds_credit_notes_and_stock_movements(
        self, online_retail: Warehouse
    ) -> None:
        reasons = online_retail.rows(
            """
            select reason, order_id like 'C%', count(*) from int_order_lines_checked
            where verdict = 'quarantined' group by all order by all
            """
        )
        assert reasons == [
            ("impossible_amount", False, 651),
            ("impossible_amount", True, 3_783),
            ("orphan", False, 334),
        ]

    def test_net_revenue_is_what_was_sold_less_what_was_credited(
        self, online_retail: Warehouse, shared_data: Path
    ) -> None:
        (sold,) = online_retail.row(SALES_OF_RAW_LINES.format(folder=shared_data))
        net, refunded = online_retail.row(
            "select sum(net_revenue), sum(refunded_amount) from fct_orders"
        )
        assert (net + refunded, refunded) == (sold, Decimal("159636.8200"))

    def test_orders_and_lines_tell_the_same_net_revenue(self, online_retail: Warehouse) -> None:
        assert online_retail.rows(
            """
            select order_id from fct_orders
            full outer join (
                select order_id, sum(net_amount) as net_amount
                from fct_order_lines group by order_id
            ) using (order_id)
            where abs(net_revenue - net_amount) > 0.0001
                or net_revenue is null or net_amount is null
            """
        ) == []  # fmt: skip

    def test_every_credit_is_refunded_or_has_no_sale_in_the_extract(
        self, online_retail: Warehouse, shared_data: Path
    ) -> None:
        (credited,) = online_retail.row(CREDITS_OF_RAW_LINES.format(folder=shared_data))
        refunded, unmatched = online_retail.row(
            """
            with credits as (
                select distinct lines.* from int_online_retail__numbered_lines as lines
                where is_credit and customer_number is not null
            )
            select
                sum(-amount) filter (returns.invoice_id is not null),
                sum(-amount) filter (returns.invoice_id is null)
            from credits
            left join int_online_retail__returns as returns
                on credits.invoice_id = returns.credit_invoice_id
                and credits.line_number = returns.credit_line_number
            """
        )
        assert refunded + unmatched == credited
        assert (refunded, unmatched) == (Decimal("159636.8200"), Decimal("52334.0000"))

    def test_words_instead_of_codes_are_no_products(self, online_retail: Warehouse) -> None:
        assert online_retail.row(
            """
            select count(*) from int_online_retail__products
            where product_id in ('POST', 'DOT', 'C2', 'M', 'S', 'D')
                or product_id like '% %' or product_id <> upper(product_id)
            """
        ) == (0,)
        assert online_retail.row(
            """
            select count(*), sum(quantity * unit_price)
            from int_online_retail__numbered_lines where stock_code = 'POST'
            """
        ) == (476, Decimal("25713.3900000"))

    def test_the_newest_country_wins(self, online_retail: Warehouse) -> None:
        assert online_retail.rows(
            """
            select account_id, country from int_customers_checked
            where account_id in ('12370', '12417', '12429', '12431') order by all
            """
        ) == [("12370", "CY"), ("12417", "ES"), ("12429", "AT"), ("12431", "AU")]


class TestCompleteJourney:
    def test_baskets_households_and_sales_are_those_of_the_raw_rows(
        self, complete_journey: Warehouse
    ) -> None:
        assert complete_journey.row(
            """
            select count(*), count(distinct customer_id), sum(net_revenue) from fct_orders
            """
        ) == (47_243, 2_377, Decimal("233935.2400"))

    def test_lines_tell_the_same_sales(self, complete_journey: Warehouse) -> None:
        assert complete_journey.row(
            "select count(*), sum(net_amount) from fct_order_lines"
        ) == (74_584, Decimal("233935.2400"))  # fmt: skip

    def test_raw_rows_are_accepted_quarantined_or_duplicates(
        self, complete_journey: Warehouse
    ) -> None:
        assert complete_journey.counts() == {
            ("complete_journey", "customers"): (2_379, 2_379, 0, 0),
            ("complete_journey", "orders"): (47_243, 47_243, 0, 0),
            ("complete_journey", "order_lines"): (75_000, 74_584, 416, 0),
            ("complete_journey", "products"): (92_331, 92_331, 0, 0),
            ("complete_journey", "messages"): (6_589, 6_589, 0, 0),
        }

    def test_the_weeks_of_the_source_begin_at_midnight_in_new_york(
        self, complete_journey: Warehouse
    ) -> None:
        assert complete_journey.row(
            """
            select max(count_weeks), count(*) from (
                select count(distinct date_trunc('week', timezone(
                    'America/New_York', timezone('UTC', purchased_at)
                ))) as count_weeks
                from stg_complete_journey__transactions group by week_number
            )
            """
        ) == (1, 53)

    def test_fuel_is_no_thousands_of_pieces(self, complete_journey: Warehouse) -> None:
        assert complete_journey.row(
            "select max(quantity), count(*) filter (quantity <> floor(quantity)) > 600"
            " from fct_order_lines"
        ) == (Decimal("90.000"), True)

    def test_redemptions_answer_mailings(self, complete_journey: Warehouse) -> None:
        assert complete_journey.row(
            """
            select count(*), count(distinct customer_id), count_if(is_clicked),
                count_if(is_opened), count_if(clicked_at < sent_at)
            from fct_messages
            """
        ) == (6_589, 1_559, 792, 0, 0)

    def test_demographics_are_known_of_the_households_that_were_asked(
        self, complete_journey: Warehouse
    ) -> None:
        assert complete_journey.row(
            """
            select count(*), count(income_band), count(household_size),
                count(traits['age_band']), count(birth_date)
            from dim_customers
            """
        ) == (2_379, 801, 801, 801, 0)


class TestWebShopEvents:
    def test_events_users_and_sessions_are_those_of_the_raw_rows(
        self, web_shop_events: Warehouse
    ) -> None:
        assert web_shop_events.counts() == {
            ("web_shop_events", "customers"): (600, 600, 0, 0),
            ("web_shop_events", "events"): (31_106, 31_076, 0, 30),
        }
        assert web_shop_events.row(
            """
            select count(*), count(distinct customer_id), count(distinct session_id),
                count(distinct session_id) filter (event_name = 'order_placed')
            from fct_events
            """
        ) == (31_076, 600, 3_605, 470)

    def test_a_purchase_without_an_amount_is_no_order(self, web_shop_events: Warehouse) -> None:
        assert web_shop_events.row("select count(*) from fct_orders") == (0,)


class TestTwoSystemsTogether:
    def test_each_keeps_its_orders_and_money(self, both: Warehouse) -> None:
        assert both.rows(
            """
            select system, currency, count(*), count(distinct customer_id),
                sum(net_revenue_original)
            from fct_orders group by all order by all
            """
        ) == [
            ("complete_journey", "USD", 47_243, 2_377, Decimal("233935.2400")),
            ("online_retail", "GBP", 8_126, 2_718, Decimal("3896653.4410")),
        ]

    def test_numbers_that_look_alike_are_not_the_same_person(self, both: Warehouse) -> None:
        assert both.row("select count(*) from dim_customers") == (2_379 + 2_767,)

    def test_counts_add_up_and_are_those_of_each_alone(
        self, both: Warehouse, complete_journey: Warehouse, online_retail: Warehouse
    ) -> None:
        assert both.counts() == complete_journey.counts() | online_retail.counts()
