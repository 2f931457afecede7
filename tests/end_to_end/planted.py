"""Secrets and personal data that are known to be there, and the search for them in all that a run wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from .home import Home

SECRETS = {
    "touchpoints": {"api_key": "planted-key-of-touchpoints-61c0"},
    "genesys": {"client_id": "planted-client-93fa", "client_secret": "planted-secret-of-genesys-27d4"},
}
EMAIL, ACCOUNT, PHONE, PHONE_AS_TYPED = (
    "pia.planted@mail.example.org",
    "904417263",
    "4155550142",
    "(415) 555-0142",
)
SSN, CARD, STREET = "219-09-9999", "4111 1111 1111 1111", "1234 Planted Street"
WITNESS = "The clerk with the red scarf was kind."
"""Part of the same comment that is nobody's data: it is published, so the comment was not just lost."""

RESTRICTED = {"raw", "secrets", "drop", "sample_agency"}
"""Folders of a home that hold what came in, or that no run writes."""

_WORD = re.compile(rb"[0-9A-Za-z][0-9A-Za-z._%+@-]{5,}[0-9A-Za-z]")


def plant_secrets(home: Home) -> None:
    """Choose the credentials, before the tools make some of their own."""
    home.settings.secrets.mkdir(parents=True, mode=0o700)
    home.settings.connections_file.write_text(json.dumps(SECRETS))


def plant_people(home: Home) -> None:
    """Put into the drop what a person said of themselves at a kiosk, and left at an office's desk."""
    kiosks, offices = home.path / "drop" / "kiosk_surveys", home.path / "drop" / "field_offices"
    for folder in (kiosks, offices):
        folder.mkdir(parents=True)
    said = {
        "id": "K-planted",
        "form": "fld-kiosk",
        "submitted": "2026-06-18T11:00:00-07:00",
        "kiosk": "WFS-01-K1",
        "service": "fld-card",
        "channel": "KIOSK",
        "language": "en",
        "rating": 4,
        "easy": 4,
        "comment": f"{WITNESS} My number is {SSN}, my card {CARD}. Write to {EMAIL} or call "
        f"{PHONE_AS_TYPED}. I live at {STREET}, Oakland, CA 94607.",
        "account": ACCOUNT,
        "email": EMAIL,
        "changed": "2026-06-18T11:00:00-07:00",
    }
    (kiosks / "planted.ndjson").write_text(json.dumps(said) + "\n")
    columns = "Visit ID,Office,Checked In,Finished,Channel,Service Code,Service,Segment,Account Number,Email,"
    columns += "Phone,Wait Seconds,Desk Seconds,Clerk,Left Before Served,Resolved,Last Changed"
    visit = (
        "WFS-planted,Spokane,2026-06-18 10:50:00,2026-06-18 11:00:00,VISIT,fld-card,Replace an identity card,"
    )
    visit += f"general,{ACCOUNT},{EMAIL},{PHONE_AS_TYPED},60,540,clerk-07,No,Yes,2026-06-18 11:00:00"
    (offices / "planted.csv").write_text(f"{columns}\r\n{visit}\r\n")


def found_in(home: Home, said: str = "") -> list[str]:
    """Search all that runs wrote outside of the restricted folders, and what they said.

    Returns:
        Where a secret or something about a person was found, and what.
    """
    words, phrases = _of_people(home)
    secrets = _secrets(home)
    assert len(words) > 1000
    assert len(phrases) > 8
    found = []
    for where, text in [("said", said.encode()), *_written(home)]:
        there = words.intersection(_WORD.findall(text))
        there |= {phrase for phrase in phrases | secrets if phrase in text}
        found += [f"{where}: {each.decode()}" for each in sorted(there)]
    return found


def _secrets(home: Home) -> set[bytes]:
    keys = json.loads((home.settings.secrets / "identifier-keys.json").read_text())["keys"]
    return {value.encode() for tool in SECRETS.values() for value in tool.values()} | {
        key.encode() for key in keys.values()
    }


def _of_people(home: Home) -> tuple[set[bytes], set[bytes]]:
    """What identifies the agency's people, as words; what comments hold and what is planted, as phrases."""
    truth = home.path / "sample_agency" / "truth"
    people = pq.read_table(truth / "people.parquet", columns=["account", "email", "phone"]).to_pydict()
    words = {value.encode() for column in people.values() for value in column if value}
    comments = pq.read_table(truth / "personal_data.parquet", columns=["value"]).to_pydict()["value"]
    phrases = {*comments, EMAIL, ACCOUNT, PHONE, PHONE_AS_TYPED, SSN, CARD, CARD.replace(" ", ""), STREET}
    return words, {phrase.encode() for phrase in phrases}


def _written(home: Home) -> Iterator[tuple[str, bytes]]:
    """Every file's bytes; what a database or Parquet file holds compressed is read as well."""
    paths = [
        path
        for path in sorted(home.path.rglob("*"))
        if path.is_file() and path.relative_to(home.path).parts[0] not in RESTRICTED
    ]
    assert {".duckdb", ".parquet", ".html", ".json"} <= {path.suffix for path in paths}
    for path in paths:
        name = str(path.relative_to(home.path))
        yield name, path.read_bytes()
        if path.suffix in {".duckdb", ".parquet"}:
            yield from ((f"{name}: {column}", text) for column, text in _columns(path))


def _columns(path: Path) -> Iterator[tuple[str, bytes]]:
    """Every column that can hold a text, its distinct values as one text."""
    with duckdb.connect() as connection:
        if path.suffix == ".duckdb":
            connection.execute(f"attach '{path}' as file (read_only)")
        else:
            connection.execute(f"create view content as select * from read_parquet('{path}')")
        held = connection.execute(
            "select database_name, schema_name, table_name, column_name from duckdb_columns() "
            "where not internal and database_name not in ('system', 'temp') "
            "and (data_type ilike '%varchar%' or data_type ilike '%json%' or data_type ilike '%blob%')"
        ).fetchall()
        assert held, path
        for database, schema, table, column in held:
            ((text,),) = connection.execute(
                f"""select coalesce(string_agg(distinct "{column}"::varchar, chr(10)), '')
                from "{database}"."{schema}"."{table}" """
            ).fetchall()
            yield f"{schema}.{table}.{column}", text.encode()
