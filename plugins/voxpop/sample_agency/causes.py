"""Why things happen at the sample agency: every cause, weight and rate that its records follow.

This is the truth that measures are compared with. Nothing else in the package holds a number that shifts
an outcome. Opinions live on a scale where 1 is "strongly disagree" and 5 "strongly agree", before rounding.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

DRIVERS = ("effectiveness", "ease", "efficiency", "transparency", "employee")
"""What satisfaction and trust are made of; columns of every array over drivers."""

CHANNELS = ("phone", "callback", "chat", "email", "visit", "kiosk", "outbound", "text", "website")
"""Ways of meeting the agency; positions are the codes in columns. `website` leaves no contact record."""
PHONE, CALLBACK, CHAT, EMAIL, VISIT, KIOSK, OUTBOUND, TEXT, WEBSITE = range(9)

SEGMENTS = ("older_adults", "veterans", "limited_english", "small_business", "general")
REGIONS = ("east", "central", "west")
INFINITE = float("inf")


@dataclass(frozen=True)
class PainPoint:
    """Something that goes wrong in a service and that people then write about."""

    name: str
    share: float
    """Share of the service's journeys in which it happens."""
    effects: tuple[float, float, float, float, float]
    """What it does to each driver, in points."""
    resolution: float
    """Factor on the chance that a contact settles the matter."""


@dataclass(frozen=True)
class ServiceCauses:
    """One service."""

    service_id: str
    demand: float
    """Its part of all journeys, before who lives where."""
    baseline: tuple[float, float, float, float, float]
    """Drivers at the start of history, before channel, wait and pain points."""
    trend: tuple[float, float, float, float, float]
    """Points a quarter."""
    satisfaction_weights: tuple[float, float, float, float, float]
    trust_weights: tuple[float, float, float, float, float]
    resolution: float
    """Chance that a contact settles the matter."""
    phone_wait_seconds: float
    """Median wait for a call at an ordinary hour."""
    talk_seconds: float
    wrong_door: str
    """The service whose line people who are lost try first."""
    pain_points: tuple[PainPoint, ...]


@dataclass(frozen=True)
class WaitSpike:
    """A time in which one service's phones are slower."""

    service_id: str
    first: date
    last: date
    factor: float


@dataclass(frozen=True)
class Identifiers:
    """How often what identifies a person is given, and how often it is wrong."""

    account: dict[str, float] = field(
        default_factory=lambda: {
            "phone": 0.72,
            "callback": 0.75,
            "chat": 0.66,
            "email": 0.48,
            "visit": 0.86,
            "kiosk": 0.52,
            "outbound": 0.95,
            "text": 0.4,
        }
    )
    caller_number: float = 0.93
    visit_email: float = 0.35
    visit_phone: float = 0.5
    form_email: float = 0.42
    form_account: float = 0.34
    kiosk_account: float = 0.12
    kiosk_ticket: float = 0.6
    """Those who hold their visit's ticket under the kiosk's eye before they answer."""
    mistyped: float = 0.02
    placeholder: float = 0.015
    segment_known: float = 0.92


@dataclass(frozen=True)
class Web:
    """The website: who comes there, and what they do."""

    visits_per_day: float = 196.0
    """Beside those that a journey begins with."""
    strangers: int = 60_000
    """People who come to the website and are never heard of elsewhere."""
    is_stranger: float = 0.72
    devices: tuple[float, ...] = (0.46, 0.49, 0.05)
    """Desktop, mobile, tablet."""
    shares_desktop: float = 0.40
    """Of those who live with others: one browser for the household."""
    cookie_days: tuple[int, ...] = (21, 90, 400)
    """After so many days a cookie is deleted."""
    cookie_kept: tuple[float, ...] = (0.25, 0.40, 0.35)
    refuses_cookies: float = 0.015
    signs_in: float = 0.42
    """Of the agency's own people, where they come to a task or a status."""
    behind_sign_in: tuple[str, ...] = ("ben-status", "tax-refund", "tax-plan")
    """Services whose pages are about one's own case: whoever hasn't signed in sees next to nothing."""
    signs_in_there: float = 0.9
    """On any page."""
    is_stranger_there: float = 0.1
    """Few come who have no case."""
    partner_signs_in_too: float = 0.004
    pauses: float = 0.03
    """Visits with a pause of half an hour or more between two pages."""
    dwell_seconds: float = 38.0
    dwell_spread: float = 0.9
    seen_to_leave: float = 0.5
    """Visits of which the tool sees for how long the last page was in front."""
    does_task: float = 0.30
    """Of visits that need no contact; the rest look something up."""
    done_at_ease_4: float = 0.70
    """Chance that a task that is begun is done where the service's ease is 4."""
    done_by_ease: float = 0.22
    """Change of that chance for each point of ease."""
    votes: float = 0.07
    helpful_at_ease_4: float = 0.76
    query: float = 0.08
    """Page addresses with a campaign behind the question mark."""
    query_with_email: float = 0.004
    repeated_key: float = 0.004
    """Events in which a parameter comes twice."""
    vanishes: float = 0.003
    """Events that only the first version of a table has."""
    engaged_is_int_since: date = date(2025, 7, 1)
    """Until then `session_engaged` is a text."""
    crawler_pages: int = 260
    """A link checker visits so many pages on Sundays."""
    monitor_pages: int = 72
    """A monitor looks at the home page on Mondays, every 20 minutes."""


@dataclass(frozen=True)
class Causes:
    """All of it."""

    services: tuple[ServiceCauses, ...]
    spikes: tuple[WaitSpike, ...]
    history_starts: date = date(2024, 4, 1)
    trend_quarters: float = 10.0
    """Trends stop after so many quarters."""

    # How many journeys begin, and when.
    journeys_per_day: float = 102.0
    journeys_growth_per_year: float = 0.05
    journeys_day_to_day: float = 0.06
    """Standard deviation of the logarithm."""
    weekday: tuple[float, ...] = (1.30, 1.18, 1.12, 1.10, 1.02, 0.62, 0.66)
    month: tuple[float, ...] = (1.14, 1.12, 1.10, 1.12, 1.00, 0.97, 0.94, 0.95, 0.98, 0.97, 0.90, 0.81)
    wrong_door: float = 0.05
    begins_on_website: tuple[float, ...] = (0.30, 0.52, 0.44, 0.62, 0.60)
    """By segment."""
    settled_on_website: float = 0.22
    """Of the journeys that begin there."""
    continues: float = 0.58
    """Chance that an unsettled contact is followed by another."""
    calls_again: float = 0.62
    """The same after giving up in the queue."""
    gap_days: tuple[float, ...] = (0.22, 0.25, 0.19, 0.12, 0.08, 0.05, 0.04, 0.02, 0.02, 0.01)
    """Days between contacts: 0, 1, 2 …"""
    agency_calls_back: float = 0.05
    """Chance that a further contact is a call that the agency makes."""

    # Which channel; columns phone, callback, chat, email, visit, kiosk.
    center_channels: tuple[float, ...] = (0.56, 0.06, 0.25, 0.13, 0.0, 0.0)
    field_channels: tuple[float, ...] = (0.23, 0.02, 0.09, 0.06, 0.48, 0.12)
    field_organization: str = "dps-fld"
    segment_channels: tuple[tuple[float, ...], ...] = (
        (1.5, 1.4, 0.35, 0.7, 1.2, 0.5),
        (1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
        (0.9, 0.7, 0.8, 0.9, 1.5, 0.8),
        (0.8, 1.3, 1.2, 1.6, 0.7, 1.0),
        (1.0, 1.0, 1.1, 1.0, 1.0, 1.1),
    )
    chat_growth_per_quarter: float = 0.04
    texts_since: date = date(2025, 1, 6)
    texts_instead_of_chat: float = 0.25
    """Share of those who would have chatted."""

    # Who: rows of factors on demand.
    segment_shares: tuple[float, ...] = (0.22, 0.09, 0.08, 0.07, 0.54)
    region_shares: tuple[float, ...] = (0.44, 0.30, 0.26)
    west_field_factor: float = 3.2
    elsewhere_field_factor: float = 0.25
    segment_organizations: dict[str, tuple[float, ...]] = field(
        default_factory=lambda: {
            "dps-ben": (1.5, 1.7, 1.2, 0.4, 0.9),
            "dps-trv": (0.7, 0.8, 0.8, 1.0, 1.2),
            "dps-tax": (0.9, 0.9, 0.9, 2.8, 1.0),
            "dps-fld": (1.0, 1.0, 1.3, 0.8, 1.0),
        }
    )
    people: int = 20_000
    heavy_use: float = 1.35
    """Exponent: people with small numbers come more often."""
    shares_household_phone: float = 0.35
    shares_household_email: float = 0.12
    lives_alone: float = 0.45

    # When in the day, by local hour.
    center_hours: tuple[float, ...] = (
        *(0.0,) * 8, 0.9, 1.2, 1.4, 1.3, 1.0, 1.2, 1.3, 1.2, 1.0, 0.7, 0.5, 0.3, *(0.0,) * 4,
    )  # fmt: skip
    written_hours: tuple[float, ...] = (
        0.1, 0.05, 0.05, 0.05, 0.05, 0.1, 0.3, 0.6, 0.9, 1.1, 1.2, 1.1, 1.0, 1.0, 1.0, 1.0, 0.9, 0.9, 0.9,
        1.0, 1.0, 0.8, 0.5, 0.2,
    )  # fmt: skip
    """Emails, text messages and the website."""
    office_hours: tuple[float, ...] = (*(0.0,) * 8, 1.3, 1.4, 1.3, 1.2, 1.0, 1.0, 0.9, *(0.0,) * 9)

    # Waits, in seconds.
    hour_wait: tuple[float, ...] = (
        *(0.6,) * 8, 0.8, 1.1, 1.5, 1.6, 1.3, 1.4, 1.5, 1.3, 1.0, 0.8, 0.7, *(0.6,) * 5,
    )  # fmt: skip
    """Factor on waits by the hour of the day, local time."""
    monday_wait: float = 1.4
    callback_wait_seconds: float = 20.0
    """From the hour that was agreed."""
    chat_wait_seconds: float = 55.0
    email_wait_seconds: float = 4 * 3600.0
    text_wait_seconds: float = 420.0
    visit_wait_seconds: float = 900.0
    kiosk_wait_seconds: float = 45.0
    wait_spread: tuple[float, ...] = (1.0, 0.5, 1.0, 0.9, 0.7, 0.5, 0.0, 1.0)
    """Standard deviation of the logarithm, by channel."""
    patience_seconds: tuple[float, ...] = (
        1100.0, INFINITE, 600.0, INFINITE, 5400.0, INFINITE, INFINITE, INFINITE,
    )  # fmt: skip
    """Median of how long people wait before they give up, by channel."""
    patience_spread: float = 0.9
    left_for_voicemail: float = 0.014
    callback_cancelled: float = 0.04
    callback_delay_hours: tuple[float, float] = (1.5, 46.0)
    """A callback is scheduled between so many hours ahead."""
    talk_factor: tuple[float, ...] = (1.0, 1.0, 1.5, 1.1, 2.0, 0.6, 1.0, 1.8)
    """By channel."""
    talk_spread: float = 0.6
    hold_share: float = 0.28
    hold_seconds: float = 70.0
    wrap_seconds: float = 45.0
    transferred: float = 0.08
    spikes_resolution: float = 0.84

    # What people think.
    shared_opinion: float = 0.62
    """Weight of what all drivers of a person have in common; makes them correlate."""
    own_opinion: float = 0.60
    """Weight of what each driver has alone. Correlation = shared² / (shared² + own²) = .52."""
    satisfaction_noise: float = 0.35
    trust_base: float = 3.6
    trust_from_experience: float = 0.65
    """Trust = (1 - this) · base + this · weighted drivers + noise."""
    trust_noise: float = 0.40
    rating_shifts: tuple[float, float, float, float] = (0.0, -0.4, -0.9, 0.5)
    """How many of their points overall satisfaction, expectations, an ideal and recommendation lie above what
    is thought of the service."""
    rating_noise: float = 1.1
    recommended_by_trust: float = 0.4
    """Recommendation follows this · trust + (1 - this) · satisfaction; the others satisfaction alone."""
    wait_reference_seconds: tuple[float, ...] = (180.0, 14400.0, 90.0, 14400.0, 900.0, 60.0, 1.0, 600.0, 1.0)
    """By channel; a wait costs points by log2(1 + wait / reference) - 1."""
    wait_effects: tuple[float, float, float, float, float] = (0.0, -0.12, -0.32, -0.05, -0.04)
    settled_effects: tuple[float, float, float, float, float] = (0.25, 0.10, 0.05, 0.05, 0.05)
    unsettled_effects: tuple[float, float, float, float, float] = (-1.10, -0.45, -0.30, -0.25, -0.15)
    transfer_effects: tuple[float, float, float, float, float] = (-0.05, -0.25, -0.25, -0.05, -0.10)
    further_contact_effects: tuple[float, float, float, float, float] = (-0.10, -0.30, -0.20, -0.05, 0.0)
    """For each contact after the first."""
    channel_effects: tuple[tuple[float, ...], ...] = (
        (0.00, -0.05, 0.00, 0.00, 0.05),
        (0.05, 0.05, -0.05, 0.00, 0.05),
        (0.00, 0.15, 0.15, 0.00, 0.00),
        (-0.05, -0.05, -0.20, 0.00, -0.10),
        (0.10, -0.10, -0.05, 0.05, 0.20),
        (0.05, 0.20, 0.30, 0.00, -0.20),
        (0.10, 0.10, 0.05, 0.05, 0.10),
        (0.00, 0.15, 0.05, 0.00, 0.00),
        (0.05, 0.10, 0.25, 0.00, 0.00),
    )
    """Rows are channels."""
    segment_effects: tuple[tuple[float, ...], ...] = (
        (0.05, -0.15, 0.05, 0.05, 0.10),
        (0.00, 0.00, 0.00, 0.00, 0.05),
        (-0.10, -0.35, -0.05, -0.25, -0.20),
        (-0.05, -0.05, -0.15, 0.00, 0.00),
        (0.00, 0.00, 0.00, 0.00, 0.00),
    )

    # Who answers.
    offered: tuple[float, ...] = (0.46, 0.46, 0.52, 0.56, 0.42, 0.26, 0.0, 0.50, 0.44)
    """Chance that a journey's end brings an invitation, by channel."""
    responds: tuple[float, ...] = (0.52, 0.46, 0.62, 0.50, 0.52, 0.40, 0.0, 0.58, 0.64)
    """Chance that somebody who is invited and thinks `response_neutral` answers, by channel."""
    response_neutral: float = 3.7
    dissatisfied_respond: float = 0.34
    """Change of the log odds of answering for each point below `response_neutral`."""
    delighted_respond: float = 0.30
    """Added to the log odds above 4.5."""
    counts_no_offers: str = "fld-records-cx"
    """The survey of which nobody knows how many people it was offered to."""
    unanswered: tuple[float, float, float, float] = (0.34, 0.58, 0.03, 0.05)
    """What becomes of an offer at the kiosk that isn't answered: refused, passed by, another reason, or
    nobody knows whether it was a visitor."""
    kiosk_offered: float = 1.0
    kiosk_responds: float = 0.24
    item_skipped: float = 0.035
    item_refused: float = 0.015
    """At the kiosk, which offers "prefer not to say"."""
    comments: float = 0.26
    unhappy_comments: float = 0.24
    """Added where satisfaction is below 3."""
    tells_pain_point: float = 0.78
    personal_data: float = 0.045
    """Share of comments that hold somebody's personal data."""
    speaks_spanish: tuple[float, ...] = (0.02, 0.02, 0.60, 0.04, 0.03)
    """By segment."""
    answer_delay_hours: tuple[float, ...] = (0.6, 0.8, 0.15, 5.0, 3.0, 3.0, 1.0, 0.3, 0.03)
    """Median time from the end of the journey to the answer, by channel."""
    answer_delay_spread: float = 1.2
    thumbs_up_from: float = 3.2
    radio_agrees_from: int = 4
    """Of five: who answers so is asked what went well, anybody else what went badly."""
    reason_positive_from: float = 4.1
    reason_negative_below: float = 2.9
    identifiers: Identifiers = field(default_factory=Identifiers)
    web: Web = field(default_factory=Web)


def _pain(name: str, share: float, resolution: float, *effects: float) -> PainPoint:
    first, second, third, fourth, fifth = effects
    return PainPoint(name, share, (first, second, third, fourth, fifth), resolution)


_FLAT = (0.0, 0.0, 0.0, 0.0, 0.0)

CAUSES = Causes(
    services=(
        ServiceCauses(
            "ben-apply", 0.125, (3.95, 3.60, 3.50, 3.90, 4.15), (0.0, 0.01, 0.0, 0.0, 0.0),
            (0.35, 0.25, 0.20, 0.10, 0.10), (0.30, 0.15, 0.10, 0.35, 0.10), 0.66, 170, 420, "ben-status",
            (_pain("form_is_confusing", 0.16, 0.80, -0.3, -1.3, -0.4, -0.3, 0.0),
             _pain("asked_twice", 0.07, 0.90, -0.2, -0.7, -0.8, -0.3, -0.1)),
        ),
        ServiceCauses(
            "ben-status", 0.145, (3.80, 3.90, 3.45, 3.75, 4.05), _FLAT,
            (0.25, 0.15, 0.40, 0.10, 0.10), (0.25, 0.10, 0.30, 0.30, 0.05), 0.70, 150, 260, "ben-apply",
            (_pain("no_status_update", 0.15, 0.75, -0.7, -0.2, -1.1, -0.4, 0.0),
             _pain("website_error", 0.06, 0.85, -0.3, -1.1, -0.3, 0.0, 0.0)),
        ),
        ServiceCauses(
            "ben-appeal", 0.055, (3.70, 3.50, 3.35, 3.75, 3.95), (-0.02, -0.03, -0.09, -0.08, -0.02),
            (0.20, 0.10, 0.25, 0.45, 0.00), (0.15, 0.05, 0.15, 0.60, 0.05), 0.52, 210, 560, "ben-status",
            (_pain("decision_not_explained", 0.22, 0.70, -0.5, -0.2, -0.3, -1.4, -0.2),
             _pain("no_status_update", 0.12, 0.75, -0.5, -0.2, -1.1, -0.4, 0.0)),
        ),
        ServiceCauses(
            "ben-change", 0.055, (4.20, 4.05, 4.00, 4.05, 4.20), _FLAT,
            (0.30, 0.30, 0.25, 0.10, 0.05), (0.35, 0.20, 0.15, 0.20, 0.10), 0.78, 140, 300, "ben-apply",
            (_pain("website_error", 0.09, 0.85, -0.3, -1.1, -0.3, 0.0, 0.0),),
        ),
        ServiceCauses(
            "trv-new", 0.080, (4.05, 3.75, 3.70, 4.10, 4.30), (0.0, 0.0, 0.01, 0.0, 0.0),
            (0.30, 0.20, 0.30, 0.10, 0.10), (0.30, 0.10, 0.25, 0.25, 0.10), 0.70, 130, 330, "trv-renew",
            (_pain("photo_rejected", 0.11, 0.75, -0.8, -0.6, -0.5, -0.3, 0.0),
             _pain("processing_takes_long", 0.10, 0.85, -0.3, 0.0, -1.3, -0.2, 0.0)),
        ),
        ServiceCauses(
            "trv-renew", 0.100, (4.25, 4.20, 4.00, 4.15, 4.20), (0.0, 0.02, 0.01, 0.0, 0.0),
            (0.30, 0.30, 0.25, 0.10, 0.05), (0.30, 0.15, 0.25, 0.25, 0.05), 0.78, 120, 270, "trv-new",
            (_pain("processing_takes_long", 0.10, 0.85, -0.3, 0.0, -1.3, -0.2, 0.0),),
        ),
        ServiceCauses(
            "trv-urgent", 0.025, (4.00, 3.55, 3.85, 4.00, 4.45), _FLAT,
            (0.40, 0.20, 0.20, 0.05, 0.15), (0.35, 0.10, 0.20, 0.20, 0.15), 0.64, 160, 380, "fld-card",
            (_pain("no_appointment_near", 0.20, 0.60, -1.0, -0.7, -0.4, -0.1, 0.0),),
        ),
        ServiceCauses(
            "tax-file", 0.080, (3.90, 3.65, 3.55, 3.95, 4.15), _FLAT,
            (0.35, 0.30, 0.15, 0.15, 0.05), (0.30, 0.15, 0.10, 0.35, 0.10), 0.68, 190, 480, "tax-refund",
            (_pain("form_is_confusing", 0.18, 0.80, -0.3, -1.3, -0.4, -0.3, 0.0),),
        ),
        ServiceCauses(
            "tax-refund", 0.090, (3.70, 3.80, 3.50, 3.80, 4.05), _FLAT,
            (0.25, 0.10, 0.45, 0.10, 0.10), (0.25, 0.10, 0.35, 0.25, 0.05), 0.64, 200, 290, "tax-file",
            (_pain("no_status_update", 0.17, 0.75, -0.7, -0.2, -1.1, -0.4, 0.0),),
        ),
        ServiceCauses(
            "tax-plan", 0.040, (3.95, 3.80, 3.80, 3.75, 4.15), (0.0, 0.0, 0.0, 0.02, 0.0),
            (0.30, 0.20, 0.15, 0.25, 0.10), (0.25, 0.10, 0.10, 0.45, 0.10), 0.72, 150, 520, "ben-change",
            (_pain("terms_not_clear", 0.14, 0.85, -0.2, -0.4, -0.1, -1.2, -0.1),),
        ),
        ServiceCauses(
            "fld-card", 0.190, (3.75, 3.25, 3.10, 3.90, 4.05), (0.02, 0.08, 0.09, 0.01, 0.02),
            (0.25, 0.30, 0.35, 0.05, 0.05), (0.25, 0.15, 0.25, 0.20, 0.15), 0.74, 160, 300, "fld-records",
            (_pain("long_line_at_office", 0.14, 0.90, -0.1, -0.4, -1.3, 0.0, -0.1),
             _pain("missing_document", 0.10, 0.45, -1.1, -0.7, -0.4, -0.3, 0.0)),
        ),
        ServiceCauses(
            "fld-records", 0.080, (3.90, 3.70, 3.60, 3.95, 4.10), _FLAT,
            (0.35, 0.20, 0.30, 0.10, 0.05), (0.30, 0.10, 0.25, 0.25, 0.10), 0.70, 170, 340, "fld-card",
            (_pain("missing_document", 0.12, 0.45, -1.1, -0.7, -0.4, -0.3, 0.0),),
        ),
    ),
    spikes=(WaitSpike("tax-refund", date(2025, 10, 1), date(2025, 12, 31), 4.2),),
)  # fmt: skip
"""The default: replacing cards gets better, appeals get worse, the refund line is slow in fiscal 2026Q1."""
