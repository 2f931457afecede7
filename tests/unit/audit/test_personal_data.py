"""What the gate takes for personal data, and what it must not."""

from __future__ import annotations

import duckdb
import pytest

from expectations import personal_data


def found(column: str, text: str) -> list[str]:
    """What the rule blames in a table with one column and one row."""
    rule = personal_data.no_personal_data({column: "VARCHAR", "_batch_id": "VARCHAR"})
    assert rule is not None
    with duckdb.connect() as connection:
        connection.execute(f"create table tested ({column} varchar, _batch_id varchar)")
        connection.execute("insert into tested values (?, 'batch-1')", [text])
        return [blame for (blame,) in connection.execute(rule.query).fetchall()]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("SSN", "my number is 123-45-6789."),
        ("SSN", "123 45 6789"),
        ("SSN", "ssn 123456789 thanks"),
        ("email", "write to jo.doe+x@mail.example.gov"),
        ("phone", "call (202) 555-0123"),
        ("phone", "call 202-555-0123 now"),
        ("phone", "+1 202 555 0123"),
        ("phone", "2025550123"),
        ("card", "4111 1111 1111 1111"),
        ("card", "card 4111111111111111!"),
        ("card", "378282246310005"),
        ("address", "I live at 1600 Pennsylvania Avenue NW"),
        ("address", "at 12 N Old Mill Rd, upstairs"),
        ("address", "I waited 2 hours for you to find 12 Old Mill Road"),
    ],
)
def test_personal_data_in_text_is_found(kind, text):
    assert found("comment_text", text) == [f"comment_text: {kind} batch-1"]


@pytest.mark.parametrize(
    "text",
    [
        "[SSN] [PHONE] [EMAIL] [CARD] [ADDRESS]",
        "I waited 3 hours, on 2026-01-05, at 10:45",
        "form 1040, line 12345, $1,234,567.89",
        "4111 1111 1111 1112 fails the check",
        "from 2024 to 2026 it was 100 - 200 times worse",
        "It was a 2 Hours Drive, and a two way street",
        "2026-01",
        "f3c9d2a8b1e4475f8a6b9c0d1e2f3a4b",
        "123456789012345678901234567890",
    ],
)
def test_other_text_is_left_alone(text):
    assert found("comment_text", text) == []


@pytest.mark.parametrize(
    "text",
    [
        "0f8fad5b-d9cb-469f-a165-70867728950e",
        "12345678-1234-4123-8123-123456789012",
        "123456789",
        "2025550123",
        "4111111111111111",
        "d41d8cd98f00b204e9800998ecf8427e",
        "K-10023456789",
        "WFS-20260105-0012",
        "touchpoints.responses.20260101T000000Z.20260501T000000Z.20260501T000000000001Z",
    ],
)
def test_what_identifiers_look_like_is_left_alone_in_their_columns(text):
    assert found("source_record_id", text) == []


@pytest.mark.parametrize(
    "text", ["123-45-6789", "a@b.gov", "202-555-0123", "4111-1111-1111-1111", "12 Old Mill Road"]
)
def test_personal_data_in_a_column_of_identifiers_is_found(text):
    assert len(found("source_record_id", text)) == 1


def test_every_column_of_text_is_read_and_no_other():
    rule = personal_data.no_personal_data(
        {
            "a": "VARCHAR",
            "b": "VARCHAR[]",
            "c": "MAP(VARCHAR, VARCHAR)",
            "d": "DOUBLE",
            "_batch_id": "VARCHAR",
        }
    )
    assert rule is not None
    with duckdb.connect() as connection:
        connection.execute(
            "create table tested as select '123-45-6789' as a, ['x', 'a@b.gov'] as b,"
            " map {'k': '202-555-0123'} as c, 1.5 as d, 'x@y.gov' as _batch_id"
        )
        blamed = {blame.split(" ")[0] for (blame,) in connection.execute(rule.query).fetchall()}
    assert blamed == {"a:", "b:", "c:"}


def test_a_table_without_text_needs_no_rule():
    assert personal_data.no_personal_data({"n": "BIGINT"}) is None


@pytest.mark.parametrize(
    "column",
    ["customer_id", "household_id", "response_id", "token", "email_token", "_batch_id", "comment_text"],
)
def test_columns_about_a_person_are_known_by_name(column):
    with duckdb.connect() as connection:
        rule = personal_data.names_nobody(["period_label", "n", column, "organization_id"])
        assert connection.execute(rule.query).fetchall() == [(column,)]


@pytest.mark.parametrize(
    ("text", "count"), [("d41d8cd98f00b204e9800998ecf8427e", 1), ("569499e0", 0), ("ben-apply", 0)]
)
def test_ids_of_people_are_known_by_their_shape(text, count):
    rule = personal_data.holds_no_identifier({"member": "VARCHAR", "n": "BIGINT"})
    with duckdb.connect() as connection:
        connection.execute("create table tested as select ? as member, 1 as n", [text])
        assert len(connection.execute(rule.query).fetchall()) == count
