"""What `sources.yml` says of Touchpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from voxpop.raw.records import IdentifierType
from voxpop.sources.tool import Settled, Text, Tool


class Form(Settled):
    """One form of Touchpoints: its short id, and which answers identify a person."""

    id: Text
    identifiers: Mapping[Text, IdentifierType] = {}


class TouchpointsConfig(Tool):
    """GSA Touchpoints: `page_size` is what the API takes at most 5,000 of."""

    kind: Literal["touchpoints"]
    page_size: int = Field(default=500, ge=1, le=5000)
    forms: tuple[Form, ...] = Field(min_length=1)
