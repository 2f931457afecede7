"""An agency that asks from 1 to 10: published, and told which answers are in no figure."""

from __future__ import annotations

import json

from voxpop.audit.run import audit


def test_answers_without_a_figure_are_named_and_refuse_nothing(home, stage):
    home.change(
        "insert into marts.fct_survey_answers by name"
        " select response_id, survey_id, survey_version, 'expectations' as driver, 'ten' as scale,"
        " '7' as raw_value, false as is_positive, 1 as weight, answered_date, _batch_id"
        " from marts.fct_survey_responses where is_counted order by response_id limit 40"
    )
    made = stage(home)
    result = audit(home.settings, made)
    assert result.passed and result.failed == []
    (warning,) = result.warnings
    assert (warning.table, warning.name) == ("cx_index", "every answer is in a figure")
    assert warning.unexpected_count == 40
    assert "ben-apply-cx ten expectations" in warning.observed
    said = json.loads((made.folder / "manifest.json").read_text())["audit"]
    assert (said["failed"], said["warnings"]) == (0, 1)
    assert "items from 1 to 10" in result.page.read_text()
