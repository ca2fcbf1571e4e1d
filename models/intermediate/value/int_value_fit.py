"""One row: the value model's parameters, fitted to what was known as the month began."""


def model(dbt, session):
    """Return the parameters, or why there are none."""
    from kohorte.value.parameters import COLUMNS, fit_row

    dbt.config(materialized="table")
    histories = dbt.ref("int_customer_purchases").filter("count_repeat_days_at_fit is not null")
    row = fit_row(
        **histories.project("""
            count_repeat_days_at_fit as frequency,
            days_to_last_order_at_fit as recency,
            days_since_first_order_at_fit as age,
            cast(coalesce(mean_repeat_value_at_fit, 0) as double) as mean_value
        """).fetchnumpy()
    )
    columns = ", ".join(
        f"cast(${name} as {sql_type}) as {name}" for name, sql_type in COLUMNS.items()
    )
    return session.sql(f"select {columns}", params=row)
