"""Personal data that must be in no table: a check of its own, independent of what takes it out of free text.

It looks for shapes that hardly anything else has. What it finds in a comment, the scrubber should have found.
Regular expressions are RE2's. Groups are plain: `(?:` would be taken for a parameter by SQLAlchemy.
"""

# ruff: noqa: S608 - the names in the SQL are the catalog's

from __future__ import annotations

from collections.abc import Mapping, Sequence

from expectations.rules import Rule

_SSN = r"\b\d{3}[- .]\d{2}[- .]\d{4}\b"
_EMAIL = r"[A-Za-z0-9._%+-]+@([A-Za-z0-9-]+\.)+[A-Za-z]{2,}"
_PHONE = r"(\+\d{1,3}[ .-]?)?(\(\d{3}\) ?|\b\d{3}[ .-])\d{3}[ .-]\d{4}\b"
_CARD = r"\b\d{4}([- ])\d{4}[- ]\d{4}[- ]\d{4}\b"
_ADDRESS = (
    r"\b\d{1,6} ([NSEW]\.? )?([A-Z][a-z]+ ){1,3}"
    r"(Street|St|Avenue|Ave|Boulevard|Blvd|Road|Rd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Terrace|Parkway)\b"
)

_NO_ADDRESS = (
    r"(?i)^\d+ ([NSEW]\.? )?(hours?|hrs?|minutes?|mins?|days?|weeks?|months?|years?|miles?|times?|people"
    r"|staff|employees?|calls?|forms?|letters?|offices?|visits?|windows?) "
)
"""What begins with such a count ("a 2 Hours Drive") looks like an address and is none."""

IN_IDENTIFIERS: Mapping[str, str] = {
    "SSN": _SSN,
    "email": _EMAIL,
    "phone": _PHONE,
    "card": _CARD,
    "address": _ADDRESS,
}
"""In a column of identifiers only what has its separators: bare digits are what identifiers are."""

IN_TEXT: Mapping[str, str] = {
    "SSN": rf"{_SSN}|\b\d{{9}}\b",
    "email": _EMAIL,
    "phone": rf"{_PHONE}|\b1?[2-9]\d{{2}}[2-9]\d{{6}}\b",
    "card": r"\b\d([- ]?\d){12,18}\b",
    "address": _ADDRESS,
}
"""In every other column of text. A card also has to pass the Luhn check."""

_LUHN = """
    list_sum(list_transform(
        string_split(reverse(regexp_replace(found, '[^0-9]', '', 'g')), ''),
        lambda digit, place: case
            when place % 2 = 1 then digit::integer
            else digit::integer * 2 - if(digit::integer > 4, 9, 0)
        end
    )) % 10 = 0
"""
"""ISO/IEC 7812-1, annex B: from the right every second digit doubled, less 9 where that is above 9."""


def no_personal_data(columns: Mapping[str, str]) -> Rule | None:
    """No personal data in any column of text; the count is of cells.

    Args:
        columns: the table's columns and their types, as DuckDB names them.

    Returns:
        None where the table has no text. Columns that begin with `_` are left out: voxpop itself makes what
        is in them out of times and hashes.
    """
    texts = [
        column
        for column, data_type in columns.items()
        if not column.startswith("_") and ("VARCHAR" in data_type or data_type == "JSON")
    ]
    if not texts:
        return None
    batch = "_batch_id" if "_batch_id" in columns else "null"
    selects = [
        f"""
        select '{column}' as column_name, {batch} as batch, "{column}"::varchar as text
        from tested where regexp_matches("{column}"::varchar, '{_any(_kinds(column))}')
        """
        for column in texts
    ]
    # Materialized, or DuckDB asks every value for each kind before it asks for any, at four times the cost.
    return Rule(
        "no text holds a social security number, email address, phone or card number, or street address",
        f"""
        with suspicious as materialized ({" union all ".join(selects)})
        select concat_ws(' ', column_name || ':', kind, batch) as blame
        from (
            select
                *,
                if({_IS_IDENTIFIER}, {_kind_of(IN_IDENTIFIERS)}, {_kind_of(IN_TEXT)}) as kind
            from suspicious
        )
        where kind is not null
        """,
    )


_IS_IDENTIFIER = "ends_with(column_name, '_id')"


def _kinds(column: str) -> Mapping[str, str]:
    return IN_IDENTIFIERS if column.endswith("_id") else IN_TEXT


def _any(kinds: Mapping[str, str]) -> str:
    return "|".join(f"({pattern})" for pattern in kinds.values())


def _kind_of(kinds: Mapping[str, str]) -> str:
    """SQL for the kind of personal data that `text` holds; null where what looks like it is none."""
    judged = {"card": _LUHN, "address": f"not regexp_matches(found, '{_NO_ADDRESS}')"}
    cases = " ".join(
        f"when regexp_matches(text, '{pattern}') then '{kind}'"
        if kind not in judged
        else f"when len(list_filter(regexp_extract_all(text, '{pattern}'), lambda found: {judged[kind]}))"
        f" > 0 then '{kind}'"
        for kind, pattern in kinds.items()
    )
    return f"case {cases} end"


def kinds_in_text() -> str:
    """SQL for the kinds of personal data that `text` holds, as a list of their names."""
    kinds = ", ".join(_kind_of({kind: pattern}) for kind, pattern in IN_TEXT.items())
    return f"list_filter([{kinds}], lambda kind: kind is not null)"


def names_nobody(columns: Sequence[str]) -> Rule:
    """No column of a public table tells of one person, by its name; the count is of columns.

    Args:
        columns: the table's.
    """
    listed = ", ".join(f"'{column}'" for column in columns)
    return Rule(
        "no column is about one person",
        f"""
        select column_name as blame from (select unnest([{listed}]) as column_name)
        where regexp_matches(column_name, '{_ABOUT_A_PERSON}')
        """,
    )


_ABOUT_A_PERSON = (
    r"^_|token|^(customer|household|response|interaction|comment|visitor|source_record)_id$|_text$"
)


def holds_no_identifier(columns: Mapping[str, str]) -> Rule:
    """No text of a public table holds a token or an id of a person, response or contact; counts cells.

    Those are hashes of 32 or more hexadecimal digits.

    Args:
        columns: the table's columns and their types, as DuckDB names them.
    """
    texts = [column for column, data_type in columns.items() if "VARCHAR" in data_type]
    selects = [
        f"select '{column}' as blame from tested "
        rf"where regexp_matches(\"{column}\"::varchar, '\b[0-9a-f]{{32,}}\b')".replace('\\"', '"')
        for column in texts
    ]
    nothing = "select null as blame from tested where false"
    return Rule(
        "no text holds the id of a person, response or contact", " union all ".join(selects) or nothing
    )
