"""How many people were served and how many of them were offered a survey, as the agency itself counts them.

Counts are by survey, channel and local day, or from a day to another one of the same month. A file comes when
its last day (UTC) ends, and knows of the local days that are over by then.
"""

from __future__ import annotations

import csv
import io

import numpy as np

from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.causes import CHANNELS
from voxpop.sample_agency.clock import DAY_MS, day_of
from voxpop.sample_agency.columns import take
from voxpop.sample_agency.draws import Draws, Ints
from voxpop.sample_agency.journeys import local_offsets_ms
from voxpop.sample_agency.opinions import Experiences, kiosk_score
from voxpop.sample_agency.touchpoints import MARTS_CHANNELS

OFFER_COLUMNS = (
    "Survey",
    "From",
    "To",
    "Channel",
    "Customers",
    "Offered",
    "Complete",
    "Partial",
    "Refused",
    "Not Reached",
    "Other",
    "Unknown Eligibility",
)
_DISPOSITIONS = 6
_COMPLETE, _PARTIAL, _REFUSED, _NOT_REACHED, _OTHER, _UNKNOWN = range(_DISPOSITIONS)
_KIOSK_CHANNEL = "KIOSK"
_BEST = 5


def offers_csv(agency: Agency, asked: Experiences, first: int, last: int) -> bytes:
    """The file of the local days `first` to `last`.

    Args:
        agency: whose surveys.
        asked: everybody who could have been asked on those days.
        first: local day number.
        last: local day number.

    Returns:
        UTF-8 CSV with a header and CRLF; where nobody was served there is no row. One survey's offers nobody
        counts, and what became of those offered is known of the kiosk's only.
    """
    day = offer_days(agency, asked)
    within = (day >= first) & (day <= last)
    asked, day = take(asked, within), day[within]
    catalogue = agency.catalogue
    surveys = [form.survey_id for form in catalogue.forms] + [catalogue.kiosk_survey_id]
    channels = [catalogue.location_codes[MARTS_CHANNELS[name]] for name in CHANNELS] + [_KIOSK_CHANNEL]
    words = sorted(set(channels))
    word = np.array([words.index(name) for name in channels])[np.where(asked.kiosk, -1, asked.channel)]
    survey = np.where(asked.kiosk, len(catalogue.forms), asked.service)
    became = _dispositions(agency, asked)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(OFFER_COLUMNS)
    for start, end in _months(first, last):
        group = np.where((day >= start) & (day <= end), survey * len(words) + word, -1)
        for code in np.unique(group[group >= 0]).tolist():
            served, name = group == code, surveys[code // len(words)]
            offered = served & asked.offered
            counts: list[object] = [""] * _DISPOSITIONS
            if name == catalogue.kiosk_survey_id:
                counts = np.bincount(became[offered], minlength=_DISPOSITIONS).tolist()
            known = name != agency.causes.counts_no_offers
            writer.writerow(
                (
                    name,
                    day_of(start),
                    day_of(end),
                    words[code % len(words)],
                    int(served.sum()),
                    int(offered.sum()) if known else "",
                    *counts,
                )
            )
    return text.getvalue().encode()


def offer_days(agency: Agency, asked: Experiences) -> Ints:
    """Local day numbers on which these were or were not offered their survey: when they were through."""
    local_ms = asked.end_ms + local_offsets_ms(agency, asked.service, asked.end_ms // DAY_MS)
    return local_ms // DAY_MS


def _months(first: int, last: int) -> list[tuple[int, int]]:
    """The stretches of one month each that make up the days from `first` to `last`."""
    stretches: list[tuple[int, int]] = []
    for day in range(first, last + 1):
        if stretches and day_of(day).day > 1:
            stretches[-1] = (stretches[-1][0], day)
        else:
            stretches.append((day, day))
    return stretches


def _dispositions(agency: Agency, asked: Experiences) -> Ints:
    """What became of each offer, by AAPOR's division: who answered, and of the others what the kiosk saw."""
    valid = np.zeros(len(asked.key), dtype=np.int64)
    for name in ("rating", "easy"):
        score = kiosk_score(agency, asked, name)
        valid += (score >= 1) & (score <= _BEST)
    answered = np.array([_REFUSED, _PARTIAL, _COMPLETE])[valid]
    draws = Draws(asked.key).pick("unanswered", agency.causes.unanswered)
    unanswered = np.array([_REFUSED, _NOT_REACHED, _OTHER, _UNKNOWN])[draws]
    return np.where(asked.responds, answered, unanswered)
