-- One row per raw event of every enabled system, with the verdict on it.
-- No import CTEs: read twice, they would be stored, with every column of every event.
with int_events_checked as (
    {{ rows_with_verdict(
        "events", ref("int_events_judged"), ref("int_events_repeated")
    ) }}
)

select * from int_events_checked
