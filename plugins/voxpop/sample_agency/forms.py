"""Forms as GSA Touchpoints v1 describes them: what they are called and what their questions ask."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.catalogue import Form

_QUESTION_TYPES = {
    "core": "radio_buttons",
    "comment": "textarea",
    "identifier": "text_field",
    "reason_positive": "checkbox",
    "reason_negative": "checkbox",
}


def form_resource(agency: Agency, form: Form, count: int, last_at: str | None) -> dict[str, Any]:
    """A form with its questions.

    Args:
        agency: whose form.
        form: the form.
        count: how many submissions the tool shows.
        last_at: when the last of them was created.
    """
    began = f"{agency.causes.history_starts.isoformat()}T00:00:00.000Z"
    number = form.service + 1
    no_logo = {"url": None}
    return {
        "id": str(number),
        "type": "forms",
        "attributes": {
            "name": form.name,
            "title": form.name,
            "instructions": None,
            "disclaimer_text": None,
            "kind": "custom" if form.instrument in ("a11", "a11_acsi") else form.instrument,
            "notes": None,
            "status": None,
            "created_at": began,
            "updated_at": began,
            "whitelist_url": "https://www.dps.example.gov/",
            "whitelist_test_url": "",
            "header_logo_display": "banner",
            "success_text_heading": "Success",
            "success_text": "Thank you for your feedback.",
            "modal_button_text": "Help improve this service",
            "early_submission": False,
            "user_id": 1,
            "template": False,
            "uuid": str(UUID(int=int(form.form_id, 16) << 96 | 4 << 76 | 8 << 60)),
            "short_uuid": form.form_id,
            "organization_id": 1,
            "audience": "public",
            "omb_approval_number": form.omb_control_number,
            "expiration_date": form.omb_expires_on or None,
            "service_name": agency.catalogue.services[form.service].name,
            "aasm_state": "published",
            "delivery_method": "touchpoints-hosted-only",
            "element_selector": None,
            "survey_form_activations": 0,
            "load_css": True,
            "logo": no_logo | dict.fromkeys(("thumb", "card", "tag", "logo_square"), no_logo),
            "time_zone": "UTC",
            "response_count": count,
            "last_response_created_at": last_at,
            "tag_list": [],
        },
        "relationships": {
            "questions": {
                "data": [
                    {
                        "id": number * 100 + position,
                        "answer_field": question.field,
                        "character_limit": 10_000 if question.role == "comment" else None,
                        "created_at": began,
                        "form_id": number,
                        "form_section_id": number,
                        "help_text": "",
                        "is_required": False,
                        "placeholder_text": None,
                        "position": position,
                        "question_type": _QUESTION_TYPES[question.role],
                        "text": question.statement,
                        "updated_at": began,
                    }
                    for position, question in enumerate(agency.catalogue.questions[form.instrument], start=1)
                ]
            },
            "service": {"data": None},
        },
    }
