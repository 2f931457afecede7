"""Where a tool is and the credential for it: a value that hides its secrets, and the file it comes from."""

from __future__ import annotations

import json
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr, ValidationError

from voxpop import lined_yaml
from voxpop.config import Settings
from voxpop.errors import ConfigError


def _base(url: str) -> str:
    """A URL that paths can be put behind; what else a URL may hold would end up in messages."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("not an http(s) URL with a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("no user, password, query or fragment goes into this URL")
    return url.rstrip("/")


def _header_value(secret: SecretStr) -> SecretStr:
    """A header can't carry anything else, and the library's own complaint would print it."""
    value = secret.get_secret_value()
    if not value or not value.isascii() or not value.isprintable() or value != value.strip():
        raise ValueError("empty, or with blanks at an end, or not printable ASCII")
    return secret


BaseUrl = Annotated[str, AfterValidator(_base)]
Secret = Annotated[SecretStr, AfterValidator(_header_value)]


class Connection(BaseModel):
    """Where a tool is and the credential for it; its `repr` and its errors show no secret.

    Attributes:
        base_url: what the tool's paths are put behind.
        api_key: for tools with a key in a header (Touchpoints).
        login_url: where OAuth tokens come from (Genesys: `https://login.<region>`).
        client_id: OAuth client.
        client_secret: OAuth client.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: BaseUrl
    api_key: Secret | None = None
    login_url: BaseUrl | None = None
    client_id: Secret | None = None
    client_secret: Secret | None = None


def load_connections(settings: Settings) -> dict[str, Connection]:
    """Read `secrets/connections.json`, for runs without Airflow.

    Returns:
        Connection by id (`sources.yml` names it); empty where there is no file.

    Raises:
        ConfigError: the file is no JSON object of connections; names the file and the key, shows no value.
    """
    path = settings.connections_file
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    problem, found = "", None
    try:
        found = json.loads(text)
    except ValueError as error:
        line = f"line {error.lineno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else "not UTF-8"
        problem = f"no JSON, {line}"
    if not problem and not isinstance(found, dict):
        problem = 'it holds something other than {"<connection>": {"base_url": …}}'
    if problem or not isinstance(found, dict):
        raise ConfigError(f"{path}: {problem}. Correct it and rerun.")
    return {name: _connection(str(path), name, value) for name, value in found.items()}


def _connection(path: str, name: str, value: object) -> Connection:
    try:
        return Connection.model_validate(value)
    except ValidationError as error:
        reasons = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'the whole'}: {lined_yaml.in_plain_words(each)}"
            for each in error.errors()
        )
    raise ConfigError(f'{path}: connection "{name}": {reasons}. Correct it and rerun.')
