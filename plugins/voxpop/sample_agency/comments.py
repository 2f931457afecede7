"""What people write: praise, what went wrong, and now and then something about themselves.

All personal data is made up: phone numbers kept for fiction, reserved email domains, and random social
security and card numbers (the cards pass Luhn's check, as real ones do).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.draws import Draws, Flags, Ints
from voxpop.sample_agency.journeys import NO_PAIN_POINT
from voxpop.sample_agency.opinions import Experiences

_PRAISE = {
    False: (
        "The person I spoke with was patient and knew what to do.",
        "Quick and clear. Thank you!",
        "Everything was done in one step.",
        "Very friendly staff, they explained each part to me.",
        "I got an answer the same day, which I did not expect.",
        "The instructions were “easy” for once \N{GRINNING FACE}",
        "She stayed on the line until it was sorted out.",
        "Good service.",
    ),
    True: (
        "La persona fue muy amable y me explicó todo.",
        "Fue rápido y fácil, muchas gracias.",
        "Me atendieron bien en español.",
    ),
}
_COMPLAINTS = {
    False: (
        "I had to explain my case again from the start.",
        "Nobody could tell me what happens next.",
        "It should not take this many steps.",
        "I was sent from one office to another.",
        "The hours don't work for people who have a job.",
        "Still waiting for somebody to get back to me.",
        "I gave up twice before it worked.",
    ),
    True: (
        "No había nadie que hablara español.",
        "Tuve que explicar lo mismo varias veces.",
        "Todavía espero una respuesta.",
    ),
}
_PAIN_POINTS: dict[str, tuple[tuple[str, ...], str]] = {
    "form_is_confusing": (
        (
            "The form is confusing, I did not know which boxes were for me.",
            "Section 4 of the form makes no sense.",
            "Too many questions on the form and the wording is hard to understand.",
        ),
        "El formulario es muy confuso.",
    ),
    "asked_twice": (
        (
            "You asked for the same documents twice.",
            "I sent the pay stubs and then got a letter asking for the pay stubs.",
            "Had to give the same information again on the phone.",
        ),
        "Me pidieron los mismos documentos dos veces.",
    ),
    "no_status_update": (
        (
            "No update on my case for weeks.",
            "The status page has said 'in review' since I filed.",
            "I only want to know where it is, nobody tells me the status.",
        ),
        "Nadie me dice el estado de mi caso.",
    ),
    "website_error": (
        (
            "The website gave an error when I pressed submit.",
            "The page crashed and I lost everything I had typed.",
            "Website timed out three times. Error 500.",
        ),
        "La página web da error al enviar.",
    ),
    "decision_not_explained": (
        (
            "The letter does not explain the decision.",
            "Denied again and no reason given.",
            "I don't understand why it was decided this way; the explanation is one sentence.",
        ),
        "No explican la decisión.",
    ),
    "photo_rejected": (
        (
            "My photo was rejected and I don't know why.",
            "Photo rejected for the second time, I paid for it at the drugstore.",
            "Please say what is wrong with the photo.",
        ),
        "Rechazaron mi foto sin decir por qué.",
    ),
    "processing_takes_long": (
        (
            "Processing takes far too long.",
            "Eleven weeks and my trip is next month.",
            "The website says 4 weeks, it has been 9.",
        ),
        "El trámite tarda demasiado.",
    ),
    "no_appointment_near": (
        (
            "No appointment within 300 miles.",
            "There were no appointments before my flight.",
            "I checked for an appointment every morning for a week.",
        ),
        "No hay citas cerca de donde vivo.",
    ),
    "terms_not_clear": (
        (
            "The terms of the payment plan are not clear.",
            "I still don't know how much interest I will pay in the end.",
            "Nobody could say what the fee is for.",
        ),
        "Las condiciones del plan no están claras.",
    ),
    "long_line_at_office": (
        (
            "The line was out of the door.",
            "Two hours in line for a five minute stamp.",
            "One window open and forty people waiting in line.",
        ),
        "La fila en la oficina era muy larga.",
    ),
    "missing_document": (
        (
            "I was turned away because of a document that is not on the list.",
            "Nobody told me to bring the original birth certificate.",
            "Had to come back a second time with another document.",
        ),
        "Me faltaba un documento que no está en la lista.",
    ),
}
_STREETS = (
    "Oak Street",
    "Maple Avenue",
    "Pine Rd",
    "Cedar Blvd",
    "Lake Drive",
    "Washington St",
    "Elm Ct",
    "Hill Lane",
)
_TELLS = {
    "phone": "Please call me at {}.",
    "email": "My email is {}.",
    "ssn": "My social is {}.",
    "card": "I paid with card {} and was charged twice.",
    "address": "Send it to {}.",
}
PERSONAL_KINDS = tuple(_TELLS)
_KIND_WEIGHTS = (0.34, 0.22, 0.14, 0.12, 0.18)


@dataclass(frozen=True)
class Comments:
    """What was written; None where nothing was."""

    praise: list[str | None]
    complaint: list[str | None]
    personal: list[tuple[int, str, str]]
    """Row, kind (`PERSONAL_KINDS`) and the personal data that its comment holds."""


def comments_of(agency: Agency, answers: Experiences) -> Comments:
    """The comments of these answers, one entry each.

    Args:
        agency: whose answers.
        answers: any rows of experiences; a row's comments are the same whatever other rows there are.
    """
    causes = agency.causes
    draws = Draws(answers.key)
    score = answers.scores[:, 0]
    writes = draws.happens(
        "writes", np.where(score < 3, causes.comments + causes.unhappy_comments, causes.comments)
    )
    praises = writes & draws.happens("praises", np.array([0.0, 0.04, 0.15, 0.45, 0.85, 0.95])[score])
    complains = writes & draws.happens("complains", np.array([0.0, 0.97, 0.95, 0.75, 0.35, 0.10])[score])
    complains |= writes & ~praises
    spanish = agency.people.speaks_spanish[answers.person]
    tells = draws.happens("tells pain point", causes.tells_pain_point) & (answers.pain_point < NO_PAIN_POINT)
    which, personal = draws.below("which words", 10_000), draws.happens("personal data", causes.personal_data)
    kind = draws.pick("personal kind", _KIND_WEIGHTS)
    digits = draws.bits("personal digits")

    praise: list[str | None] = [None] * len(writes)
    complaint: list[str | None] = [None] * len(writes)
    found: list[tuple[int, str, str]] = []
    for row in np.flatnonzero(writes).tolist():
        in_spanish, pick = bool(spanish[row]), int(which[row])
        if praises[row]:
            praise[row] = _PRAISE[in_spanish][pick % len(_PRAISE[in_spanish])]
        if complains[row]:
            complaint[row] = _complaint(agency, answers, row, pick=pick, told=tells, spanish=in_spanish)
        if personal[row]:
            name = PERSONAL_KINDS[kind[row]]
            value = _personal(agency, name, int(answers.person[row]), int(digits[row]))
            text = _TELLS[name].format(value)
            target = complaint if complains[row] else praise
            target[row] = f"{target[row]} {text}"
            found.append((row, name, value))
    return Comments(praise, complaint, found)


def _complaint(
    agency: Agency, answers: Experiences, row: int, *, pick: int, told: Flags, spanish: bool
) -> str:
    if not told[row]:
        return _COMPLAINTS[spanish][pick % len(_COMPLAINTS[spanish])]
    pains = agency.service_causes[answers.service[row]].pain_points
    english, in_spanish = _PAIN_POINTS[pains[answers.pain_point[row]].name]
    return in_spanish if spanish else english[pick % len(english)]


def _personal(agency: Agency, kind: str, person: int, digits: int) -> str:
    if kind == "phone":
        phone = agency.people.phone[person].decode()
        area, exchange, line = phone[2:5], phone[5:8], phone[8:]
        return (
            f"({area}) {exchange}-{line}",
            f"{area}-{exchange}-{line}",
            f"{area}.{exchange}.{line}",
            f"+1 {area} {exchange} {line}",
        )[digits % 4]
    if kind == "email":
        return str(agency.people.email[person], "ascii")
    if kind == "ssn":
        between = " " if digits % 5 == 0 else "-"
        return between.join(
            (f"{1 + digits % 665:03d}", f"{1 + digits // 665 % 99:02d}", f"{1 + digits // 70_000 % 9999:04d}")
        )
    if kind == "card":
        number = card_number(digits)
        groups = [number[i : i + 4] for i in range(0, 16, 4)]
        return ("", " ", "-")[digits % 3].join(groups)
    return f"{1 + digits % 9998} {_STREETS[digits // 10_000 % len(_STREETS)]}"


def card_number(digits: int) -> str:
    """A 16-digit number that begins with 4 and passes Luhn's check (ISO/IEC 7812-1)."""
    body = f"4{digits % 10**14:014d}"
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(body)]
    total = sum(value - 9 if value > 9 else value for value in doubled)
    return body + str(-total % 10)


def joined(first: str | None, second: str | None) -> str | None:
    """Both texts in one, for forms with a single box."""
    return " ".join(text for text in (first, second) if text) or None


def languages(agency: Agency, person: Ints) -> list[bytes]:
    """Each person's language as a tag."""
    tags: list[bytes] = np.where(agency.people.speaks_spanish[person], b"es", b"en").tolist()
    return tags
