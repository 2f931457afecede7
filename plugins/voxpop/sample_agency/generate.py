"""Everything that the tools show, as files."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from voxpop.config import load_settings
from voxpop.errors import UsageError
from voxpop.sample_agency import genesys, touchpoints
from voxpop.sample_agency.agency import make_agency
from voxpop.sample_agency.clock import DAY_MS, day_number
from voxpop.sample_agency.columns import take
from voxpop.sample_agency.dap_files import write_reports
from voxpop.sample_agency.events import events_between
from voxpop.sample_agency.files import drop_files, write_whole
from voxpop.sample_agency.ga4 import write_tables
from voxpop.sample_agency.misbehavior import LEVELS
from voxpop.sample_agency.truth import write_truth


def generate(folder: Path, start: date, end: date) -> dict[str, int]:
    """Write what the agency's tools hold about some days into files.

    Args:
        folder: gets `touchpoints/<form>.ndjson`, `genesys/conversations.ndjson`, `drop/` and `truth/`.
        start: first day (UTC).
        end: last day (UTC), included; what is written is what the tools show at its end.

    Returns:
        How many records each tool holds.

    Raises:
        UsageError: the days are in the wrong order.
    """
    if end < start:
        raise UsageError(f"from {start} to {end}: the last day comes before the first")
    agency = make_agency(load_settings().seeds)
    events = events_between(agency, start, end)
    as_of_ms = (day_number(end) + 1) * DAY_MS
    orderly = LEVELS["not"]
    for name in ("touchpoints", "genesys"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for form in agency.catalogue.forms:
        answers = take(events.submissions, events.submissions.service == form.service)
        changes = touchpoints.changes_of(answers, orderly)
        lines = touchpoints.render(agency, answers, changes, as_of_ms)
        write_whole(folder / "touchpoints" / f"{form.form_id}.ndjson", _lines(lines))
    lines = genesys.render(agency, events.conversations, as_of_ms)
    write_whole(folder / "genesys" / "conversations.ndjson", _lines(lines))
    drop_files(agency, events, folder / "drop", orderly)
    write_tables(agency, events, folder / "drop", orderly)
    write_reports(agency, events, folder / "drop", orderly)
    write_truth(agency, events, folder / "truth")
    return {
        "touchpoints": len(events.submissions.key),
        "genesys": len(events.conversations.key),
        "field_offices": len(events.visits.key),
        "kiosk_surveys": int(np.size(events.kiosk.key)),
        "text_messages": len(events.texts.key),
    }


def _lines(documents: list[bytes]) -> bytes:
    return b"".join(document + b"\n" for document in documents)
