"""New York City's service requests, from the file as the city publishes it to a release of their own.

What is expected is computed from the file by pandas and zoneinfo: no SQL, none of voxpop's code.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from voxpop.config import PROJECT

from tests.end_to_end.home import Home

EXAMPLE = PROJECT / "config" / "examples" / "nyc_311"
NEW_YORK = ZoneInfo("America/New_York")
FORMAT = "%m/%d/%Y %H:%M"


@pytest.fixture(scope="module")
def file(sample: Callable[[str], Path]) -> Path:
    return sample("nyc311/service_requests.csv")


@pytest.fixture(scope="module")
def requests(file: Path) -> pd.DataFrame:
    """The file's rows; `started` and `ended` are moments, `ended` is missing where a request is open."""
    found = pd.read_csv(file, dtype=str)

    def moments(column: str) -> pd.Series[pd.Timestamp]:
        local = [
            None if pd.isna(text) else datetime.strptime(text, FORMAT).replace(tzinfo=NEW_YORK)
            for text in found[column]
        ]
        return pd.to_datetime(pd.Series(local), utc=True)

    return found.assign(started=moments("Created Date"), ended=moments("Closed Date"))


def landed(file: Path, var: Path) -> Home:
    """A home with the file in its drop."""
    home = Home.at(var, EXAMPLE)
    drop = home.path / "drop" / "nyc_311"
    drop.mkdir(parents=True)
    shutil.copy(file, drop)
    return home


def in_workbooks(requests: pd.DataFrame, folder: Path, parts: int) -> Home:
    """A home with the rows dealt out to workbooks, whose keys are numbers and whose times are dates."""
    home = Home.at(folder / "var", EXAMPLE).configured_in(folder / "config")
    sources = home.settings.sources_file
    sources.write_text(sources.read_text().replace("*.csv", "*.xlsx").replace("format: csv", "format: xlsx"))
    drop = home.path / "drop" / "nyc_311"
    drop.mkdir(parents=True)
    times = ["Created Date", "Closed Date", "Resolution Action Updated Date"]
    rows = requests.drop(columns=["started", "ended"]).astype({"Unique Key": int})
    rows[times] = rows[times].apply(lambda column: pd.to_datetime(column, format=FORMAT))
    for part in range(parts):
        rows[part::parts][::-1].to_excel(drop / f"part{part}.xlsx", index=False)
    return home


@pytest.fixture(scope="module")
def home(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home after all six steps by the command line."""
    home = landed(file, tmp_path_factory.mktemp("nyc") / "var")
    said = home.command("run")
    assert said.code == 0, said.out + said.err
    assert f"Published {home.current().release_id}." in said.out
    return home


def ask(home: Home, query: str) -> list[dict[str, Any]]:
    said = home.command("sql", query, "--json")
    assert said.code == 0, said.out + said.err
    found: list[dict[str, Any]] = json.loads(said.out)
    return found


@pytest.fixture(scope="module")
def interactions(home: Home) -> pd.DataFrame:
    found = pd.DataFrame(ask(home, "from fct_interactions"))
    for name in ("started_at", "ended_at"):
        found[name] = pd.to_datetime(found[name], utc=True)
    return found.set_index("source_record_id")


def test_every_request_is_a_contact(home: Home, requests: pd.DataFrame, interactions: pd.DataFrame) -> None:
    (batch,) = home.batches()
    assert (batch.records, batch.quarantined, batch.duplicates) == (2500, 0, 0)
    assert set(interactions.index) == set(requests["Unique Key"])
    assert len(interactions) == len(requests) == 2500
    assert set(interactions["direction"]) == {"inbound"}
    assert interactions["channel"].isna().all(), "the file doesn't say"


def test_who_is_responsible_and_what_for(requests: pd.DataFrame, interactions: pd.DataFrame) -> None:
    by_agency = interactions.groupby("organization_id").size()
    assert by_agency.to_dict() == requests.groupby("Agency").size().to_dict()
    assert by_agency.to_dict() == {"DOHMH": 275, "DPR": 544, "DSNY": 842, "NYPD": 839}
    pairs = set(zip(interactions["organization_id"], interactions["service_id"], strict=True))
    assert all(service.startswith(f"{agency.lower()}-") for agency, service in pairs)
    merged = requests.set_index("Unique Key").join(interactions["service_id"])
    assert (merged.groupby("Complaint Type")["service_id"].nunique() == 1).all()


def test_open_and_closed_requests(requests: pd.DataFrame, interactions: pd.DataFrame) -> None:
    closed = requests["Status"].eq("Closed")
    assert (closed.sum(), (~closed).sum()) == (2259, 241)
    assert interactions["is_resolved"].value_counts().to_dict() == {True: 2259, False: 241}
    assert interactions["ended_at"].isna().eq(~interactions["is_resolved"].astype(bool)).all()
    expected = requests.assign(closed=closed).groupby(["Agency", "closed"]).size().to_dict()
    found = interactions.groupby(["organization_id", interactions["is_resolved"].astype(bool)]).size()
    assert found.to_dict() == expected
    assert expected["DOHMH", False] == 106


def test_times_are_new_yorks_in_utc(requests: pd.DataFrame, interactions: pd.DataFrame) -> None:
    joined = requests.set_index("Unique Key").join(interactions)
    assert (joined["started_at"] == joined["started"]).all()
    ended = joined["ended"].notna()
    assert (joined.loc[ended, "ended_at"] == joined.loc[ended, "ended"]).all()
    local = joined["started"].dt.tz_convert(NEW_YORK).dt.date.astype(str)
    assert (joined["started_local_date"] == local).all()


def test_the_hours_in_which_clocks_went_forward(requests: pd.DataFrame, interactions: pd.DataFrame) -> None:
    """On 9 March 2025 07:00 UTC followed 01:59 in New York: no request is in an hour that never was."""
    night = [datetime(2025, 3, 9, hour, tzinfo=UTC) for hour in range(4, 13)]
    found = interactions["started_at"].dt.floor("h").value_counts()
    expected = requests["started"].dt.floor("h").value_counts()
    counts = [int(found.get(hour, 0)) for hour in night]
    assert counts == [int(expected.get(hour, 0)) for hour in night]
    # read off the file: 0:05, 1:36, 3:55, 4:44 local are 5:05, 6:36 (UTC-5), 7:55 and 8:44 (UTC-4)
    assert counts[1:5] == [1, 1, 1, 1]
    assert interactions.loc["64300563", "started_at"] == datetime(2025, 3, 9, 6, 36, tzinfo=UTC)
    assert interactions.loc["64298933", "started_at"] == datetime(2025, 3, 9, 7, 55, tzinfo=UTC)


def test_a_time_that_clocks_skipped_goes_to_quarantine(file: Path, tmp_path: Path) -> None:
    home = landed(file, tmp_path / "var")
    (copy,) = (home.path / "drop" / "nyc_311").iterdir()
    text = copy.read_text()
    assert text.count("64300563,3/9/2025 1:36,") == 1
    copy.write_text(text.replace("64300563,3/9/2025 1:36,", "64300563,3/9/2025 2:36,"))
    said = home.command("land")
    assert said.code == 0 and "2,499 records; 1 in quarantine" in said.out


def test_the_same_rows_in_workbooks_give_the_same_tables(
    home: Home, requests: pd.DataFrame, tmp_path: Path
) -> None:
    other = in_workbooks(requests, tmp_path, 3)
    said = other.command("land")
    assert said.code == 0, said.err
    assert sorted(batch.records for batch in other.batches()) == [833, 833, 834]
    assert not any(batch.quarantined for batch in other.batches())
    other.build()
    hashes = other.warehouse_hashes()
    assert {name: home.hashes()[name] for name in hashes} == hashes
    assert hashes["fct_interactions"] is not None
