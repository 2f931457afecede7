"""People's identifiers: nobody's real ones, sometimes shared, missing, mistyped or placeholders."""

from __future__ import annotations

import re

import numpy as np
import phonenumbers
from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.comments import PERSONAL_KINDS, card_number, comments_of
from voxpop.sample_agency.draws import Draws, keys
from voxpop.sample_agency.events import Events
from voxpop.sample_agency.people import typed

PATTERNS = {
    "phone": r"\+?1?[ .(-]*\d{3}[). -]+555[ .-]01\d\d",
    "email": r"\S+@\S*example\.(com|org|net)",
    "ssn": r"\d{3}[- ]\d{2}[- ]\d{4}",
    "card": r"4\d{3}([ -]?)\d{4}\1\d{4}\1\d{4}",
    "address": r"\d+ [A-Z]\w+ (Street|Avenue|Rd|Blvd|Drive|St|Ct|Lane)",
}


def test_identifiers_are_nobodys(agency: Agency) -> None:
    people = agency.people
    for phone in np.unique(people.phone)[::37].tolist():
        assert re.fullmatch(rb"\+1[2-9]\d{2}55501\d\d", phone)
        assert phonenumbers.is_valid_number(phonenumbers.parse(phone.decode()))
    assert all(re.search(rb"@\S*example\.(com|org|net)$", email) for email in people.email.tolist())


def test_accounts_are_one_persons_and_households_share(agency: Agency) -> None:
    people = agency.people
    assert len(np.unique(people.account)) == len(people)
    assert {len(account) for account in people.account.tolist()} == {9}
    reserved = {value.encode() for value in agency.catalogue.placeholders["account"]}
    assert not reserved & set(people.account.tolist())
    for column, least in ((people.phone, 0.1), (people.email, 0.03)):
        _, first, count = np.unique(column, return_index=True, return_counts=True)
        assert (count > 1).sum() > least * len(people) / 2
        shared = first[np.argmax(count)]
        sharing = column == column[shared]
        assert len(np.unique(people.household[sharing])) == 1, "only a household shares"
        assert not np.isin(column, [value.encode() for value in agency.catalogue.placeholders["phone"]]).any()


def test_what_is_typed_is_missing_mistyped_or_a_placeholder_as_often_as_said(agency: Agency) -> None:
    number = np.arange(len(agency.people), dtype=np.int64)
    draws, rates = Draws(keys(1, "test", number)), agency.causes.identifiers
    given = draws.happens("given", 0.7)
    placeholders = agency.catalogue.placeholders["account"]
    written = typed(draws, "account", agency.people.account, given, placeholders=placeholders, rates=rates)
    assert (written[~given] == b"").all()
    is_placeholder = np.isin(written, [value.encode() for value in placeholders])
    assert abs(is_placeholder[given].mean() - rates.placeholder) < 0.004
    wrong = given & ~is_placeholder & (written != agency.people.account)
    assert 0.5 * rates.mistyped < wrong[given].mean() <= 1.2 * rates.mistyped
    assert np.isin(written[wrong], agency.people.account).mean() < 0.01, "a slip seldom hits somebody else"
    example = int(np.flatnonzero(wrong)[0])
    assert sorted(written[example]) == sorted(agency.people.account[example]), "two neighbors exchanged"


def test_comments_hold_personal_data_and_say_which(agency: Agency, history: Events) -> None:
    comments = comments_of(agency, history.submissions)
    assert {kind for _, kind, _ in comments.personal} == set(PERSONAL_KINDS)
    assert 100 < len(comments.personal) < 600
    for row, kind, value in comments.personal:
        assert re.fullmatch(PATTERNS[kind], value), (kind, value)
        assert value in f"{comments.praise[row]} {comments.complaint[row]}"


def test_comments_tell_the_pain_point(agency: Agency, history: Events) -> None:
    comments = comments_of(agency, history.submissions)
    service = agency.catalogue.service("trv-new")
    rejected = (history.submissions.service == service) & (history.submissions.pain_point == 0)
    told = [comments.complaint[row] for row in np.flatnonzero(rejected) if comments.complaint[row]]
    assert len(told) > 20
    assert sum("photo" in text.lower() or "foto" in text for text in told if text) > 0.6 * len(told)


def test_card_numbers_pass_luhns_check() -> None:
    for digits in (0, 1, 98_765_432_109_876, 2**63):
        number = [int(digit) for digit in card_number(digits)]
        assert len(number) == 16
        doubled = [2 * digit - 9 * (digit > 4) for digit in number[-2::-2]]
        assert (sum(doubled) + sum(number[-1::-2])) % 10 == 0
