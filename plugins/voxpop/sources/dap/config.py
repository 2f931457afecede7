"""What `sources.yml` says of the Digital Analytics Program's API."""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

from pydantic import Field, model_validator

from voxpop.sources.tool import Settled, Text, Tool


class DapReport(Settled):
    """One report of DAP: of all agencies, of one, or of one website."""

    report: Text
    agency: Text | None = None
    domain: Text | None = None

    @model_validator(mode="after")
    def _can_be_asked(self) -> DapReport:
        if self.domain is not None and self.agency is not None:
            raise ValueError("give agency or domain, not both")
        if self.domain is not None and self.report not in ("site", "domain", "second-level-domain"):
            # Of `download` the tool cuts pages before it picks the domain, so a short one is not the last.
            raise ValueError("of one domain there are the reports site, domain and second-level-domain")
        return self

    @property
    def path(self) -> str:
        """Where it is, below the version."""
        names = {"agencies": self.agency, "domain": self.domain, "reports": self.report}
        return "/".join(f"{kind}/{quote(name, safe='')}" for kind, name in names.items() if name)


class DapConfig(Tool):
    """GSA's Digital Analytics Program: `page_size` is what the API gives at most 10,000 of."""

    kind: Literal["dap"]
    page_size: int = Field(default=10_000, ge=1, le=10_000)
    reports: tuple[DapReport, ...] = Field(min_length=1)
