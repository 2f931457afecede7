"""A planted secret and planted personal data, looked for in all that runs wrote outside of raw."""

from __future__ import annotations

from .home import Home, Said
from .planted import EMAIL, WITNESS, found_in


def test_a_planted_secret_and_planted_personal_data_are_nowhere_outside_of_raw(
    published: Home, spoken: tuple[Home, Said]
) -> None:
    said = spoken[1]
    assert found_in(published, said.out + said.err) == []


def test_the_search_would_find_them(published: Home, spoken: tuple[Home, Said]) -> None:
    assert any(EMAIL in each for each in found_in(published, f"try 1 of 6: {EMAIL} is no number"))
    # what was planted has come through, without what it held
    ((comment, kinds),) = published.sql(
        "select comment_text, [ssn_count, card_count, email_count, phone_count, address_count] "
        f"from marts.fct_comments where contains(comment_text, '{WITNESS}')"
    )
    assert kinds == [1, 1, 1, 1, 1], comment
    # the desk and the kiosk know the same person, by tokens
    ((customers, records),) = published.sql(
        "select count(distinct customer_id), count(customer_id) from ("
        "select customer_id from marts.fct_survey_responses where source_record_id = 'K-planted' union all "
        "select customer_id from marts.fct_interactions where source_record_id = 'WFS-planted')"
    )
    assert (customers, records) == (1, 2)
