"""The bounds that an agency sets on raw and its answers: they warn, and only beyond them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from voxpop.audit.run import audit

LATER = datetime(2026, 5, 2, 7, 0, tzinfo=UTC)


def test_a_batch_of_unusual_volume_is_looked_at(home, stage):
    """The median of the days is 30 records: 6 and 150 are five times off and no more."""
    for day, records in enumerate((30, 30, 30, 30, 6, 150)):
        start = date(2026, 4, 1) + timedelta(days=day)
        names = [f"conv-{i}" for i in range(records)]
        home.land("genesys", "conversations", names, start=start, end=start + timedelta(days=1))
    home.build()
    assert audit(home.settings, stage(home)).warnings == []
    home.change("update seeds.policy set value = 4.9 where policy = 'raw_volume_max_factor'")
    (warning,) = audit(home.settings, stage(home, LATER)).warnings
    assert (warning.table, warning.unexpected_count) == ("raw_batches", 2)
    assert (
        warning.name == "a batch has at most 4.9 times more or fewer records a day than its stream's median"
    )


def test_answers_outside_of_their_scale_are_looked_at(home, stage):
    """120 of a question's 2,400 answers are 5%."""
    home.change(
        "update intermediate.int_survey_answers set status = 'out_of_range' where response_id in"
        " (select response_id from marts.fct_survey_responses order by response_id limit 120)"
    )
    assert audit(home.settings, stage(home)).warnings == []
    home.change("update seeds.policy set value = 0.04 where policy = 'out_of_range_max_share'")
    (warning,) = audit(home.settings, stage(home, LATER)).warnings
    assert (warning.table, warning.observed) == ("answers", "touchpoints answer_01")
    assert warning.name == "at most 4% of a question's answers are outside of its scale"
