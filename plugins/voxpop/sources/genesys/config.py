"""What `sources.yml` says of Genesys Cloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from voxpop.raw.records import IdentifierType
from voxpop.sources.genesys.parse import customer_field
from voxpop.sources.tool import Tool


class GenesysConfig(Tool):
    """Genesys Cloud: `identifiers`: what identifies the customer (`attributes.<name>`, `ani`) → as what."""

    kind: Literal["genesys"]
    page_size: int = Field(default=1000, ge=1, le=1000)
    identifiers: Mapping[Annotated[str, AfterValidator(customer_field)], IdentifierType] = {}
