"""How events are read: parameters that repeat and change their type, addresses, votes, tasks, signing in."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from .conftest import SITE, Website, event

START = datetime(2026, 3, 3, 18, tzinfo=UTC)


def parameters(*pairs: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value} for key, value in pairs]


def test_parameters_and_addresses(make_website: Callable[[], Website]) -> None:
    website = make_website()
    odd = [
        event(
            "v", START, location=f"https://user:secret@{SITE.upper()}/services/fld-card/?email=a%40b.org#top"
        ),
        event("v", START + timedelta(seconds=1), location=f"https://{SITE}/cases/123456789/letter/"),
        event("v", START + timedelta(seconds=2), location=f"https://{SITE}/people/ana@mail.example.org"),
        event("v", START + timedelta(seconds=3), location=f"http://{SITE}?q=my+number"),
        event("v", START + timedelta(seconds=4), location="")
        | {
            "event_params": parameters(
                ("page_location", {"string_value": f"https://{SITE}/first"}),
                ("engagement_time_msec", {"string_value": "1500"}),
                ("session_engaged", {"double_value": 1.0}),
                ("ga_session_id", {"double_value": 7.0}),
                ("page_location", {"string_value": f"https://{SITE}/last"}),
            )
        },
        event("v", START + timedelta(seconds=5))
        | {
            "event_params": parameters(
                ("engagement_time_msec", {"string_value": "a while"}),
                ("session_engaged", {"string_value": "0"}),
            )
        },
        event("v", START + timedelta(seconds=6)) | {"event_params": None, "user_pseudo_id": None},
        event("v", START + timedelta(seconds=7))
        | {"event_params": parameters(("session_engaged", {"int_value": "1"})), "user_pseudo_id": None},
    ]
    website.write("20260303", odd)
    website.land()
    website.build()
    found = website.rows(
        "select site, page_path, ga_session_id, engaged_seconds::double, is_session_engaged "
        "from staging.stg_ga4__events order by event_at"
    )
    assert found == [
        (SITE, "/services/fld-card", "1", None, False),
        (SITE, "/cases/[ID]/letter", "1", None, False),
        (SITE, "/people/[ID]", "1", None, False),
        (SITE, "/", "1", None, False),
        (SITE, "/last", "7.0", 1.5, True),
        (None, None, None, None, False),
        (None, None, None, None, False),
        (None, None, None, None, True),
    ]
    drift = dict(
        website.rows("select field, uncast_count from staging.stg_drift where source_system = 'web'")
    )
    assert drift["engagement_time_msec"] == 1
    nobody = (
        "select null_count from staging.stg_drift where source_system = 'web' and field = 'user_pseudo_id'"
    )
    assert website.rows(nobody) == [(2,)]
    (events,) = website.rows("select sum(event_count) from intermediate.int_web_sessions")
    assert events == (6,), "an event of nobody is in no session"
    text = repr(website.rows("from staging.base_ga4__events"))
    assert "secret" not in text and "mail.example" not in text and "my+number" not in text


def test_what_a_session_is_about(make_website: Callable[[], Website]) -> None:
    """By hand: the card's two pages outweigh the refund's one; the task is begun and not done; two votes."""
    website = make_website()
    pages = ["/", "/services/fld-card", "/services/tax-refund", "/services/fld-card/start", "/elsewhere"]
    viewed = [
        event("v", START + timedelta(minutes=number), path, engagement_time_msec=4000)
        for number, path in enumerate(pages)
    ]
    votes = [
        event("v", START + timedelta(minutes=6), "/elsewhere", "page_helpful", helpful=vote)
        for vote in ("Yes", "no", "perhaps")
    ]
    alone = [event("w", START, "/nowhere")]
    website.write("20260303", [*viewed, *votes, *alone])
    website.land()
    website.build()
    columns = (
        "site, service_id, journey_stage, organization_id, landing_page, exit_page, pageview_count, "
        "event_count, "
        "engaged_seconds::double, is_engaged, is_bounce, is_task_started, is_task_done, helpful_yes_count, "
        "helpful_no_count, is_suspected_bot"
    )
    assert website.rows(f"select {columns} from intermediate.int_web_sessions order by event_count desc") == [
        (
            SITE,
            "fld-card",
            "receive",
            "dps-fld",
            "/",
            "/elsewhere",
            5,
            8,
            20.0,
            True,
            False,
            True,
            False,
            1,
            1,
            False,
        ),
        (SITE, None, None, "dps", "/nowhere", "/nowhere", 1, 1, 0.0, False, True, False, False, 0, 0, False),
    ]


def test_who_signed_in_and_who_may_be_a_program(make_website: Callable[[], Website]) -> None:
    website = make_website()
    one = [event("one", START + timedelta(minutes=number), user_id="A-1") for number in range(2)]
    two = [event("two", START + timedelta(minutes=number), user_id=f"A-{number}") for number in range(2)]
    many = [event("many", START + timedelta(seconds=number)) for number in range(201)]
    few = [event("few", START + timedelta(seconds=number)) for number in range(200)]
    later = START + timedelta(hours=14)
    website.write("20260303", [*one, *two, *many, *few])
    website.write("20260304", [event("long", later + timedelta(minutes=20 * number)) for number in range(26)])
    website.land()
    website.build()
    assert website.rows(
        "select event_count, user_token is not null, user_identifier_type, is_suspected_bot "
        "from intermediate.int_web_sessions order by event_count, user_token"
    ) == [
        (2, True, "account", False),
        (2, False, None, False),
        (26, False, None, True),  # 25 times 20 minutes are longer than 8 hours
        (200, False, None, False),
        (201, False, None, True),
    ]
    assert website.rows("select count(*) from intermediate.int_identity__record_tokens") == [(1,)]


def test_a_real_event(make_website: Callable[[], Website], sample: Callable[[str], Path]) -> None:
    """Google's obfuscated sample; the time is 1611798022.695757 s, 2021-01-28 01:40:22 UTC."""
    real = json.loads(sample("ga4/obfuscated_sample_event.ndjson").read_text())
    website = make_website()
    website.write("20260303", [real | {"event_date": "20260303"}])
    website.land()
    website.build()
    assert website.rows(
        "select site, page_path, event_at::varchar, engaged_seconds::double, is_session_engaged, "
        "device, ga_session_id from staging.stg_ga4__events"
    ) == [
        (
            "shop.googlemerchandisestore.com",
            "/payment.html",
            "2021-01-28 01:40:22.695757",
            0.007,
            True,
            "desktop",
            "3599645542",
        )
    ]
