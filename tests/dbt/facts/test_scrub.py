"""The scrubber over a table of cases: what goes, what stays, how often, and that nothing is left to find."""

from __future__ import annotations

import pytest

from .project import small_project

CASES: dict[str | None, str | None] = {
    # Social security numbers: any separator, any alphabet's dashes, next to letters and each other.
    "my ssn is 123-45-6789.": "my ssn is [SSN].",
    "123-45-6789 987-65-4321 111 22 3333 today": "[SSN] [SSN] [SSN] today",
    "SSN123456789my": "SSN[SSN]my",
    "123 – 45 – 6789": "[SSN]",
    "123\u201145\u20116789": "[SSN]",
    "123\u00a045\u00a06789": "[SSN]",
    "１２３-45-6789": "[SSN]",
    "123/45/6789 or 123.45.6789": "[SSN] or [SSN]",
    "account 000000000": "account [SSN]",
    # Phone numbers.
    "call (202) 555-0134 or 202.555.0134, 2025550134": "call [PHONE] or [PHONE], [PHONE]",
    "202-555-0134 202-555-0135 202-555-0136": "[PHONE] [PHONE] [PHONE]",
    "fax:(202)555-0134x99, tel:+12025550134": "fax:[PHONE]x99, tel:[PHONE]",
    "1-800-555-0199 ext 4 or +44 20 7946 0958": "[PHONE] ext 4 or [PHONE]",
    "+49 (0) 30 901820, 1 (202) 555 0134": "[PHONE], [PHONE]",
    # Email addresses, plain and disguised.
    "mail a@b.co, John.O'Neil+x@mail.example.gov": "mail [EMAIL], [EMAIL]",
    "josé@exámple.com": "[EMAIL]",
    "john @ gmail.com; john at gmail dot com": "[EMAIL]; [EMAIL]",
    "john [at] gmail [dot] com, john(at)gmail.com": "[EMAIL], [EMAIL]",
    "<a_b-c@x-y.example.org>": "<[EMAIL]>",
    # Payment cards: those that pass the Luhn check, in the shapes in which they are printed.
    "4111 1111 1111 1111 12/25": "[CARD] 12/25",
    "4111 1111 1111 1111 5500 0000 0000 0004": "[CARD] [CARD]",
    "4111-1111-1111-1111, 4111111111111111": "[CARD], [CARD]",
    "amex 3782 822463 10005 & 378282246310005": "amex [CARD] & [CARD]",
    "diners 3056 930902 5904, 6304000000000000 maestro": "diners [CARD], [CARD] maestro",
    "4111 11111111 1111": "[CARD]",
    "4222222222222": "[CARD]",
    # Addresses.
    "I live at 1600 Pennsylvania Ave NW, Washington, DC 20500 now": "I live at [ADDRESS] now",
    "2 hours at 12 Main Street and a 3 hour drive": "2 hours at [ADDRESS] and a 3 hour drive",
    "123 N. 5th St. Apt #4B was": "[ADDRESS] was",
    "1500 Broadway, Oakland, CA 94612": "[ADDRESS]",
    "at 4 Martin Luther King Jr Blvd": "at [ADDRESS]",
    "1600 pennsylvania avenue": "[ADDRESS]",
    "12 Calle Ocho": "[ADDRESS]",
    "PO Box 123, Springfield, IL 62704": "[ADDRESS]",
    "p.o. box 77": "[ADDRESS]",
    # More kinds than one.
    "Ann, 12 Elm Rd, 202-555-0134, a@b.co, 123-45-6789": "Ann, [ADDRESS], [PHONE], [EMAIL], [SSN]",
    # Personal data it is not.
    "The form was confusing": "The form was confusing",
    "ZIP 20001-1234, order 12345678": "ZIP 20001-1234, order 12345678",
    "phone 555-0134": "phone 555-0134",
    "card 4111-1111-1111-1112": "card 4111-1111-1111-1112",
    "conf 1234 5678 9012 3456": "conf 1234 5678 9012 3456",
    "5 people in court; 20 minutes on the street": "5 people in court; 20 minutes on the street",
    "10 days to get a court date, 2 more ways": "10 days to get a court date, 2 more ways",
    "waited 45 minutes way too long": "waited 45 minutes way too long",
    "on 2024-05-12 at 10:30, paid $1,234,567.89": "on 2024-05-12 at 10:30, paid $1,234,567.89",
    "192.168.100.200": "192.168.100.200",
    "we met @ noon": "we met @ noon",
    "5": "5",
    "": "",
    None: None,
}

# Neighbors that share one character alternate between a pattern's two passes, however many there are.
CASES |= {
    " ".join([number] * count): " ".join([placeholder] * count)
    for number, placeholder in [
        ("123-45-6789", "[SSN]"),
        ("202-555-0134", "[PHONE]"),
        ("4111111111111111", "[CARD]"),
    ]
    for count in range(3, 9)
}

KINDS = ("EMAIL", "CARD", "SSN", "PHONE", "ADDRESS")

MODEL = """
select
    number,
    comment_text,
    {{ scrub('comment_text') }} as scrubbed,
    {{ scrub("(" ~ scrub('comment_text') ~ ")") }} as twice,
    {{ scrub_map("map {'q': comment_text}") }}['q'] as in_a_map
    {%- for kind in scrub_kinds() %},
    {{ redaction_count(scrub('comment_text'), kind) }} as {{ kind | lower }}_count
    {%- endfor %}
from main.comments
"""


@pytest.fixture(scope="module")
def scrubbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str | None, tuple[object, ...]]:
    project = small_project(tmp_path_factory.mktemp("scrub"), ["scrub.sql"], {"scrubbed": MODEL})
    with project.connect() as connection:
        connection.execute("create table comments (number integer, comment_text varchar)")
        connection.executemany("insert into comments values (?, ?)", list(enumerate(CASES)))
    project.dbt("run")
    rows = project.query("select * from scrubbed")
    assert len(rows) == len(CASES)
    return {row[1]: row[2:] for row in rows}


@pytest.mark.parametrize(("text", "expected"), CASES.items())
def test_case(scrubbed: dict[str | None, tuple[object, ...]], text: str | None, expected: str | None) -> None:
    once, twice, in_a_map, *counts = scrubbed[text]
    assert once == expected
    assert twice == expected, "scrubbing again changed something"
    assert in_a_map == expected
    assert counts == [None if expected is None else expected.count(f"[{kind}]") for kind in KINDS]
