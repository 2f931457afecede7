"""What `config/sources.yml` says: which tools an agency has, and how to read them.

A wrong key or value stops the run before anything is asked of a tool, with the file, the line and the key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from voxpop import lined_yaml
from voxpop.config import Settings
from voxpop.errors import ConfigError, UsageError
from voxpop.raw.records import IdentifierType
from voxpop.sources.dap.files import DapFiles
from voxpop.sources.file_source import FileSource, Zone
from voxpop.sources.ga4.store import S3
from voxpop.sources.genesys.parse import customer_field
from voxpop.sources.targets import TARGETS

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
"""A source's name: it becomes part of folder names, batch ids and DAG ids."""

Text = Annotated[str, StringConstraints(min_length=1)]


class _Settled(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Tool(_Settled):
    """A tool with an API, asked for windows of time.

    Attributes:
        name: its name in the file.
        connection: which connection holds its address and credential.
        repull_days: a scheduled window begins this much earlier, since records change after they were sent.
    """

    name: str
    connection: Text
    repull_days: int = Field(ge=0, le=800)

    @property
    def is_windowed(self) -> bool:
        """Whether it is asked for a span of time."""
        return True


class Form(_Settled):
    """One form of Touchpoints: its short id, and which answers identify a person."""

    id: Text
    identifiers: Mapping[Text, IdentifierType] = {}


class TouchpointsConfig(_Tool):
    """GSA Touchpoints: `page_size` is what the API takes at most 5,000 of."""

    kind: Literal["touchpoints"]
    page_size: int = Field(default=500, ge=1, le=5000)
    forms: tuple[Form, ...] = Field(min_length=1)


class GenesysConfig(_Tool):
    """Genesys Cloud: `identifiers`: what identifies the customer (`attributes.<name>`, `ani`) → as what."""

    kind: Literal["genesys"]
    page_size: int = Field(default=1000, ge=1, le=1000)
    identifiers: Mapping[Annotated[str, AfterValidator(customer_field)], IdentifierType] = {}


class DapReport(_Settled):
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


class DapConfig(_Tool):
    """GSA's Digital Analytics Program: `page_size` is what the API gives at most 10,000 of."""

    kind: Literal["dap"]
    page_size: int = Field(default=10_000, ge=1, le=10_000)
    reports: tuple[DapReport, ...] = Field(min_length=1)


class Ga4Config(_Settled):
    """Google Analytics 4: the daily tables of one property's export, as files.

    Attributes:
        name: its name in the file.
        tables: where they lie: a folder, relative to `VOXPOP_HOME`, or `s3://bucket/prefix`.
        connection: of a bucket: which connection holds its address and credential.
        region: of a bucket.
        time_zone: the property's, in which its tables' days begin and end.
        repull_days: tables that are older than the window by up to so many days are looked at again.
        user_id: what the agency's own `user_id` identifies a person by; not kept if it isn't given.
    """

    kind: Literal["ga4"]
    name: str
    tables: Text
    connection: Text | None = None
    region: Text | None = None
    time_zone: Zone
    repull_days: int = Field(default=3, ge=0, le=800)
    user_id: IdentifierType | None = None

    @model_validator(mode="after")
    def _has_a_connection_if_in_a_bucket(self) -> Ga4Config:
        if self.tables.startswith(S3) != (self.connection is not None):
            raise ValueError(f"tables in {S3}… need a connection, and a folder has none")
        return self

    @property
    def is_windowed(self) -> bool:
        """Whether it is asked for a span of time."""
        return True


ToolConfig = TouchpointsConfig | GenesysConfig | DapConfig
FolderConfig = FileSource | DapFiles
SourceConfig = ToolConfig | Ga4Config | FolderConfig


def load_sources(settings: Settings) -> dict[str, SourceConfig]:
    """Read the configured sources, by name, in the file's order.

    Raises:
        ConfigError: the file can't be read, or holds a wrong key or value; names the line and the key.
    """
    document = lined_yaml.read(settings.sources_file)
    top = document.value
    if not isinstance(top, dict) or set(top) != {"sources"} or not isinstance(top["sources"], dict):
        raise ConfigError(
            f"{document.path}: it holds one key, `sources`, with a mapping from name to source."
        )
    if not top["sources"]:
        raise document.error(("sources",), "it names no source")
    return {name: _source(document, name, body) for name, body in top["sources"].items()}


def find_source(settings: Settings, name: str) -> SourceConfig:
    """Give one configured source.

    Raises:
        UsageError: there is none of that name; lists those that there are.
        ConfigError: as `load_sources`.
    """
    configured = load_sources(settings)
    if name not in configured:
        there_are = ", ".join(configured)
        raise UsageError(
            f'There is no source "{name}" in {settings.sources_file.name}. There are: {there_are}.'
        )
    return configured[name]


def _source(document: lined_yaml.Document, name: str, body: object) -> SourceConfig:
    at = ("sources", name)
    if not NAME.fullmatch(name):
        raise document.error(at, "a source's name is made of a–z, 0–9 and _, and begins with a letter")
    if not isinstance(body, dict):
        raise document.error(at, "it is a mapping that begins with `kind`")
    if "name" in body:
        raise document.error((*at, "name"), "the key above it is the source's name already")
    model = _model(document, at, body)
    try:
        return model.model_validate({**body, "name": name})
    except ValidationError as error:
        raise document.invalid(at, error, model.model_fields) from None


def _model(
    document: lined_yaml.Document, at: lined_yaml.Where, body: dict[str, object]
) -> type[SourceConfig]:
    match body.get("kind"):
        case "touchpoints":
            return TouchpointsConfig
        case "genesys":
            return GenesysConfig
        case "dap":
            return DapConfig
        case "dap_files":
            return DapFiles
        case "ga4":
            return Ga4Config
        case "file_drop":
            target = TARGETS.get(str(body.get("maps_to")))
            if target is None:
                raise document.error((*at, "maps_to"), f"it is one of {', '.join(TARGETS)}")
            return target
        case _:
            raise document.error(
                (*at, "kind"), "it is touchpoints, genesys, dap, dap_files, ga4 or file_drop"
            )
