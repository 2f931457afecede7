"""What the sample agency is: its services, forms and queues, read from the agency's own seeds."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from voxpop.errors import ConfigError


@dataclass(frozen=True)
class Service:
    """A service, the division that gives it, and where people meet it."""

    service_id: str
    name: str
    organization_id: str
    time_zone: str
    queue_id: str
    form_id: str


@dataclass(frozen=True)
class Form:
    """A Touchpoints form, one a service."""

    form_id: str
    survey_id: str
    name: str
    instruments: tuple[tuple[date, str], ...]
    """The instrument that says what it asks, and since which local day; oldest first."""
    service: int
    """Position in `Catalogue.services`."""
    omb_control_number: str
    omb_expires_on: str

    @property
    def instrument(self) -> str:
        """What it asks now."""
        return self.instruments[-1][1]


@dataclass(frozen=True)
class Question:
    """A question of an instrument."""

    field: str
    role: str
    statement: str


@dataclass(frozen=True)
class Catalogue:
    """Everything the agency knows about itself; positions in the tuples are the codes used in columns."""

    services: tuple[Service, ...]
    forms: tuple[Form, ...]
    questions: dict[str, tuple[Question, ...]]
    """Instrument → what it asks."""
    kiosk_form_id: str
    kiosk_survey_id: str
    kiosk_service: int
    location_codes: dict[str, str]
    """Channel → the `location_code` that the agency's forms carry for it."""
    placeholders: dict[str, tuple[str, ...]]
    """Identifier type → values that people or staff type where there is none."""

    def service(self, service_id: str) -> int:
        """The service's position."""
        return [service.service_id for service in self.services].index(service_id)


def _rows(seeds: Path, name: str) -> list[dict[str, str]]:
    path = seeds / f"{name}.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path}: the sample agency needs this seed and it isn't there; set the seeds folder"
        ) from error


def load_catalogue(seeds: Path) -> Catalogue:
    """Read the seeds `organizations`, `services`, `surveys`, `question_crosswalk`, `contact_queues`,
    `channel_aliases`, `identity_blocklist`.

    Args:
        seeds: the folder that holds the CSV files.

    Returns:
        The catalogue, in the order of the files.

    Raises:
        ConfigError: a file is missing, or a service has no form or no queue.
    """
    zones = {row["organization_id"]: row["time_zone"] for row in _rows(seeds, "organizations")}
    queues = {row["service_id"]: row["queue_id"] for row in _rows(seeds, "contact_queues")}
    surveys = _rows(seeds, "surveys")
    touchpoints: dict[str, list[dict[str, str]]] = {}
    for row in sorted(surveys, key=lambda row: row["valid_from"]):
        if row["source_system"] == "touchpoints":
            touchpoints.setdefault(row["service_id"], []).append(row)
    kiosks = [row for row in surveys if row["source_system"] == "kiosk_surveys"]
    services = []
    for number, row in enumerate(_rows(seeds, "services"), start=1):
        service_id = row["service_id"]
        for missing, known in (("surveys", touchpoints), ("contact_queues", queues)):
            if service_id not in known:
                raise ConfigError(
                    f'{seeds / "services.csv"}: row {number}: service "{service_id}" has no row in '
                    f"{missing}.csv; the sample agency can't make its records; add the row"
                )
        services.append(
            Service(
                service_id=service_id,
                name=row["service_name"],
                organization_id=row["organization_id"],
                time_zone=zones[row["organization_id"]],
                queue_id=queues[service_id],
                form_id=touchpoints[service_id][-1]["source_form_id"],
            )
        )
    if not kiosks:
        raise ConfigError(f"{seeds / 'surveys.csv'}: no survey of source_system kiosk_surveys; add the row")
    codes = {
        row["channel"]: row["source_value"]
        for row in _rows(seeds, "channel_aliases")
        if row["source_system"] == "touchpoints"
    }
    placeholders: dict[str, tuple[str, ...]] = {}
    for row in _rows(seeds, "identity_blocklist"):
        kind = row["identifier_type"]
        placeholders[kind] = (*placeholders.get(kind, ()), row["value"])
    questions: dict[str, tuple[Question, ...]] = {}
    for row in _rows(seeds, "question_crosswalk"):
        question = Question(row["question_id"], row["role"], row["statement"])
        questions[row["instrument"]] = (*questions.get(row["instrument"], ()), question)
    ids = [service.service_id for service in services]
    return Catalogue(
        services=tuple(services),
        forms=tuple(
            Form(
                form_id=service.form_id,
                survey_id=versions[-1]["survey_id"],
                name=versions[-1]["survey_name"],
                instruments=tuple(
                    (date.fromisoformat(version["valid_from"]), version["instrument"]) for version in versions
                ),
                service=position,
                omb_control_number=versions[-1]["omb_control_number"],
                omb_expires_on=versions[-1]["omb_expires_on"],
            )
            for position, service in enumerate(services)
            for versions in [touchpoints[service.service_id]]
        ),
        questions=questions,
        kiosk_form_id=kiosks[0]["source_form_id"],
        kiosk_survey_id=kiosks[0]["survey_id"],
        kiosk_service=ids.index(kiosks[0]["service_id"]),
        location_codes=codes,
        placeholders=placeholders,
    )
