"""What `sources.yml` says of a tool with an API; each tool's own configuration adds to it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from voxpop.errors import ConfigError
from voxpop.sources.connections import Connection

Text = Annotated[str, StringConstraints(min_length=1)]


class Settled(BaseModel):
    """A part of the configuration: what it doesn't name is refused, and nobody changes it afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Tool(Settled):
    """A tool with an API, asked for windows of time.

    Attributes:
        name: its name in the file.
        connection: which connection holds its address and credential.
        repull_days: a scheduled window begins this much earlier, since records change after they were sent.
    """

    kind: str
    name: str
    connection: Text
    repull_days: int = Field(ge=0, le=800)

    @property
    def is_windowed(self) -> bool:
        """Whether it is asked for a span of time."""
        return True

    def api_key_of(self, connection: Connection) -> SecretStr:
        """The key that its connection holds.

        Raises:
            ConfigError: the connection has none.
        """
        if connection.api_key is None:
            raise ConfigError(
                f'{self.name}: the connection "{self.connection}" has no api_key. Set it and rerun.'
            )
        return connection.api_key
