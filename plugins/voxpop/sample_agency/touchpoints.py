"""Answers as GSA Touchpoints v1 shows them: positional answers, one form a service.

The attributes are those of the tool's own description of its API. What is deleted leaves the list; what is
flagged or archived stays in it with a later `updated_at`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.causes import CHANNELS
from voxpop.sample_agency.clock import DAY_MS, day_number, stamps
from voxpop.sample_agency.columns import take
from voxpop.sample_agency.comments import Comments, comments_of, joined, languages
from voxpop.sample_agency.draws import Draws, Flags, Ints
from voxpop.sample_agency.journeys import local_offsets_ms
from voxpop.sample_agency.misbehavior import Misbehavior, edits, late_days
from voxpop.sample_agency.opinions import ITEMS, RATINGS, Experiences
from voxpop.sample_agency.people import typed
from voxpop.sample_agency.templates import Columns, Template, compile_template, numbers, texts

MARTS_CHANNELS = {
    "phone": "phone",
    "callback": "phone",
    "chat": "live_chat",
    "email": "email",
    "visit": "in_person",
    "kiosk": "in_person",
    "outbound": "phone",
    "text": "sms_text_messages",
    "website": "website",
}
"""The agency's word for a channel → the common one, by which `channel_aliases` names the location code."""

_INSTRUMENTS = ("a11", "a11_acsi", "a11_v2", "a11_v2_radio")
_REASONS = ("effectiveness", "ease", "efficiency", "transparency", "humanity", "employee", "other")
_NONE, _FLAGGED, _ARCHIVED, _DELETED, _ACKNOWLEDGED, _REVISED = range(6)
_EDIT_WEIGHTS = (0.0, 0.20, 0.12, 0.14, 0.34, 0.20)
_STATES = (b"received", b"received", b"received", b"received", b"acknowledged", b"responded")
_BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 Version/17.5 Safari/605.1",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36",
)
_NETWORKS = (b"192.0.2.", b"198.51.100.", b"203.0.113.")
"""Kept for documentation (RFC 5737): nobody's addresses."""
_ID_EPOCH_MS = 1_577_836_800_000


@dataclass(frozen=True)
class Changes:
    """What becomes of submissions after they came, one entry each."""

    shown_on: Ints
    """Day number from which the tool shows them."""
    kind: Ints
    changed_ms: Ints
    """When the change happens; never, for those that don't change."""


def changes_of(answers: Experiences, misbehavior: Misbehavior) -> Changes:
    """When the tool shows these submissions, and how they change."""
    edited, after_days = edits(answers.key, misbehavior)
    kind = np.where(edited, Draws(answers.key).pick("kind of edit", _EDIT_WEIGHTS), _NONE)
    changed_ms = answers.created_ms + (after_days * DAY_MS).astype(np.int64)
    return Changes(
        shown_on=answers.created_ms // DAY_MS + late_days(answers.key, misbehavior),
        kind=kind,
        changed_ms=np.where(edited, changed_ms, np.iinfo(np.int64).max),
    )


def shown(changes: Changes, as_of_ms: int) -> Flags:
    """Which submissions the tool shows at a time: neither those that are late nor those deleted by then."""
    deleted = (changes.kind == _DELETED) & (changes.changed_ms <= as_of_ms)
    return np.asarray((changes.shown_on * DAY_MS < as_of_ms) & ~deleted)


def render(agency: Agency, answers: Experiences, changes: Changes, as_of_ms: int) -> list[bytes]:
    """The submissions as JSON, in the order of the answers, as they stood at a time.

    Args:
        agency: whose submissions.
        answers: answers to the services' forms, not those of the kiosk.
        changes: what becomes of each.
        as_of_ms: the time, UTC milliseconds.
    """
    asked = _asked(agency, answers)
    order = np.argsort(asked, kind="stable")
    columns = _columns(
        agency,
        take(answers, order),
        take(changes, order),
        changed=(changes.changed_ms <= as_of_ms)[order],
    )
    ends = np.cumsum(np.bincount(asked, minlength=len(_INSTRUMENTS))).tolist()
    filled: list[bytes] = []
    for instrument, start, end in zip(_INSTRUMENTS, [0, *ends], ends, strict=False):
        filled += _template(instrument).fill(columns, slice(start, end))
    return [filled[place] for place in np.argsort(order).tolist()]


def submission_ids(answers: Experiences) -> list[bytes]:
    """The `uuid` of each submission."""
    ids: list[bytes] = Draws(answers.key).uuids("submission").tolist()
    return ids


def _asked(agency: Agency, answers: Experiences) -> Ints:
    """What each form asked on the local day of the answer, as a place in `_INSTRUMENTS`."""
    days = (
        answers.created_ms + local_offsets_ms(agency, answers.service, answers.created_ms // DAY_MS)
    ) // DAY_MS
    found = np.zeros(len(days), dtype=np.int64)
    for form in agency.catalogue.forms:
        for since, instrument in form.instruments:
            holds = (answers.service == form.service) & (days >= day_number(since))
            found[holds] = _INSTRUMENTS.index(instrument)
    return found


@cache
def _template(instrument: str) -> Template:
    answers: dict[str, str | None] = {f"answer_{slot:02d}": None for slot in range(1, 31)}
    answers |= {"answer_10": "#email", "answer_11": "#account"}
    if instrument in ("a11", "a11_acsi"):
        answers |= {f"answer_{item + 1:02d}": f"#item_{item}" for item in range(ITEMS)}
        answers |= {"answer_08": "#praise", "answer_09": "#complaint"}
        if instrument == "a11_acsi":
            answers |= {f"answer_{slot}": f"#{name}" for slot, name in enumerate(RATINGS, start=12)}
    else:
        kind = "radio" if instrument == "a11_v2_radio" else "thumb"
        answers |= {"answer_01": f"#{kind}", "answer_02": f"#well_{kind}", "answer_03": f"#badly_{kind}"}
        answers |= {"answer_04": "#comment"}
    return compile_template(
        {
            "id": "$id",
            "type": "submissions",
            "attributes": {
                "user_id": None,
                "created_at": "$created_at",
                "updated_at": "$updated_at",
                "referer": "https://www.dps.example.gov/",
                "hostname": "www.dps.example.gov",
                "page": "/services/$service",
                "query_string": None,
                "user_agent": "$browser",
                **answers,
                "ip_address": "$address",
                "location_code": "$location",
                "flagged": "#flagged",
                "archived": "#archived",
                "deleted": False,
                "deleted_at": None,
                "aasm_state": "$state",
                "language": "$language",
                "uuid": "$uuid",
                "tags": "#tags",
            },
        }
    )


def _columns(agency: Agency, answers: Experiences, changes: Changes, *, changed: Flags) -> Columns:
    draws = Draws(answers.key)
    causes, rates = agency.causes, agency.causes.identifiers
    count = len(answers.key)
    kind = np.where(changed, changes.kind, _NONE)
    revised = kind == _REVISED
    written: list[Comments] = []

    def comments() -> Comments:
        if not written:
            written.append(comments_of(agency, answers))
        return written[0]

    def after_revision(values: list[str | None]) -> list[bytes]:
        return texts(
            [
                f"Update: this has been sorted out now. {value}" if new and value else value
                for value, new in zip(values, revised.tolist(), strict=True)
            ]
        )

    def item(number: int) -> list[bytes]:
        # 0: nothing given (null where the question wasn't shown, empty where it was passed over).
        score = answers.scores[:, number].astype(np.int64)
        if number == 0:
            score = np.where(revised, np.minimum(score + 1, 5), score)
        skipped = draws.happens(f"skips {number}", causes.item_skipped)
        not_shown = (answers.contact_key == 0) & (number == ITEMS - 1)
        code = np.where(not_shown, 6, np.where(skipped, 0, score))
        table = np.array([b'""', b'"1"', b'"2"', b'"3"', b'"4"', b'"5"', b"null"])
        values: list[bytes] = table[code].tolist()
        return values

    def rating(number: int, name: str) -> list[bytes]:
        skipped = draws.happens(f"skips {name}", causes.item_skipped)
        table = np.array([b'"%d"' % score for score in range(11)] + [b'""'])
        values: list[bytes] = table[np.where(skipped, 11, answers.ratings[:, number])].tolist()
        return values

    def identifier(name: str, rate: float) -> list[bytes]:
        values = typed(
            draws,
            name,
            getattr(agency.people, name)[answers.person],
            draws.happens(name, rate),
            placeholders=agency.catalogue.placeholders.get(name, ()),
            rates=rates,
        )
        return [b'"%b"' % value if value else b"null" for value in values.tolist()]

    thumb_up = answers.opinions[:, 1] >= causes.thumbs_up_from
    trust_given = ~draws.happens("skips thumb", causes.item_skipped)
    agrees = answers.scores[:, 1] >= causes.radio_agrees_from

    def thumb() -> list[bytes]:
        values: list[bytes] = np.where(trust_given, np.where(thumb_up, b'"1"', b'"0"'), b'""').tolist()
        return values

    def radio() -> list[bytes]:
        table = np.array([b'""', b'"1"', b'"2"', b'"3"', b'"4"', b'"5"'])
        values: list[bytes] = table[np.where(trust_given, answers.scores[:, 1], 0)].tolist()
        return values

    def went_well(is_good: Flags) -> list[bytes]:
        drivers = answers.opinions[:, 2:] >= causes.reason_positive_from
        return reasons(trust_given & is_good, drivers, "well")

    def went_badly(is_good: Flags) -> list[bytes]:
        drivers = answers.opinions[:, 2:] < causes.reason_negative_below
        return reasons(trust_given & ~is_good, drivers, "badly")

    def reasons(asked: Flags, drivers: Flags, name: str) -> list[bytes]:
        ticked = np.zeros((count, len(_REASONS)), dtype=np.bool_)
        ticked[:, [0, 1, 2, 3, 5]] = drivers
        ticked[:, 4] = draws.happens(f"{name} humanity", 0.18)
        ticked[:, 6] = draws.happens(f"{name} other", 0.05)
        code = (ticked * (1 << np.arange(len(_REASONS)))).sum(axis=1)
        return [
            b'"%b"' % _REASON_TEXTS[value] if box else b"null"
            for value, box in zip(code.tolist(), asked.tolist(), strict=True)
        ]

    aliases = [agency.catalogue.location_codes[MARTS_CHANNELS[name]].encode() for name in CHANNELS]
    services = np.array([service.service_id for service in agency.catalogue.services], dtype="S")
    items = {f"item_{number}": (lambda number=number: item(number)) for number in range(ITEMS)}
    ratings = {
        name: (lambda number=number, name=name: rating(number, name)) for number, name in enumerate(RATINGS)
    }
    return Columns(
        {
            **items,
            **ratings,
            "id": lambda: numbers(answers.created_ms - _ID_EPOCH_MS),
            "uuid": lambda: submission_ids(answers),
            "created_at": lambda: stamps(answers.created_ms),
            "updated_at": lambda: stamps(np.where(changed, changes.changed_ms, answers.created_ms)),
            "service": services[answers.service].tolist,
            "browser": np.array(_BROWSERS, dtype="S")[draws.below("browser", len(_BROWSERS))].tolist,
            "address": lambda: [
                _NETWORKS[value % 3] + b"%d" % (value // 3 % 254 + 1)
                for value in draws.below("address", 762).tolist()
            ],
            "location": np.array(aliases)[answers.channel].tolist,
            "praise": lambda: texts(comments().praise),
            "complaint": lambda: after_revision(comments().complaint),
            "comment": lambda: after_revision(
                [joined(*both) for both in zip(comments().praise, comments().complaint, strict=True)]
            ),
            "email": lambda: identifier("email", rates.form_email),
            "account": lambda: identifier("account", rates.form_account),
            "thumb": thumb,
            "well_thumb": lambda: went_well(thumb_up),
            "badly_thumb": lambda: went_badly(thumb_up),
            "radio": radio,
            "well_radio": lambda: went_well(agrees),
            "badly_radio": lambda: went_badly(agrees),
            "flagged": lambda: np.where(kind == _FLAGGED, b"true", b"false").tolist(),
            "archived": lambda: np.where(kind == _ARCHIVED, b"true", b"false").tolist(),
            "state": np.array(_STATES)[kind].tolist,
            "tags": lambda: np.where(kind == _ACKNOWLEDGED, b'["follow up"]', b"[]").tolist(),
            "language": lambda: languages(agency, answers.person),
        }
    )


_REASON_TEXTS = [
    ",".join(name for bit, name in enumerate(_REASONS) if code >> bit & 1).encode()
    for code in range(1 << len(_REASONS))
]
