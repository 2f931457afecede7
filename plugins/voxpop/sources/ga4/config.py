"""What `sources.yml` says of a Google Analytics 4 export."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from voxpop.raw.records import IdentifierType
from voxpop.sources.file_source import Zone
from voxpop.sources.ga4.store import S3
from voxpop.sources.tool import Settled, Text


class Ga4Config(Settled):
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
