"""Connections: secrets that stay in, and a file whose errors name the key and show no value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from voxpop.config import Settings, load_settings
from voxpop.errors import ConfigError
from voxpop.sources.connections import Connection, load_connections

SECRET = "sk-live-4f1c9a7be2"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = load_settings({"VOXPOP_HOME": str(tmp_path)})
    settings.secrets.mkdir(parents=True)
    return settings


def test_a_connection_hides_its_secrets() -> None:
    connection = Connection(
        base_url="https://tool.example.gov/v1/", api_key=SECRET, client_id=SECRET, client_secret=SECRET
    )
    assert (
        SECRET not in f"{connection!r} {connection} {connection.model_dump()} {connection.model_dump_json()}"
    )
    assert connection.base_url == "https://tool.example.gov/v1"
    assert connection.api_key is not None
    assert connection.api_key.get_secret_value() == SECRET


def test_no_file_is_no_connection(settings: Settings) -> None:
    assert load_connections(settings) == {}


def test_the_file_is_read(settings: Settings) -> None:
    settings.connections_file.write_text(
        json.dumps(
            {
                "touchpoints": {"base_url": "http://127.0.0.1:1/v1", "api_key": SECRET},
                "genesys": {
                    "base_url": "http://127.0.0.1:1",
                    "login_url": "http://127.0.0.1:1",
                    "client_id": "me",
                    "client_secret": SECRET,
                },
            }
        )
    )
    found = load_connections(settings)
    assert list(found) == ["touchpoints", "genesys"]
    assert found["genesys"].login_url == "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"a": {"api_key": "' + SECRET + '"', "line 1"),
        ('{"a": \n {"api_key": ' + SECRET + "}}", "line 2"),
        (f'["{SECRET}"]', "something other than"),
        (f'{{"a": "{SECRET}"}}', 'connection "a"'),
        (f'{{"a": {{"api_key": "{SECRET}"}}}}', "base_url: it is missing"),
        (f'{{"a": {{"base_url": "https://t.gov", "apikey": "{SECRET}"}}}}', "apikey: there is no such key"),
        (f'{{"a": {{"base_url": "https://t.gov", "api_key": ["{SECRET}"]}}}}', "api_key"),
        (f'{{"a": {{"base_url": "https://t.gov", "api_key": "{SECRET}\\n"}}}}', "blanks at an end"),
        (f'{{"a": {{"base_url": "https://t.gov", "api_key": "{SECRET}é"}}}}', "not printable ASCII"),
        ('{"a": {"base_url": "https://t.gov", "api_key": ""}}', "api_key: empty"),
        (f'{{"a": {{"base_url": "https://u:{SECRET}@t.gov"}}}}', "no user, password"),
        (f'{{"a": {{"base_url": "https://t.gov/?key={SECRET}"}}}}', "base_url: no user"),
        ('{"a": {"base_url": "ftp://t.gov"}}', "not an http(s) URL"),
        ('{"a": {"base_url": "t.gov/v1"}}', "not an http(s) URL"),
    ],
)
def test_a_wrong_file_is_named_with_its_place_and_without_its_values(
    settings: Settings, text: str, named: str
) -> None:
    settings.connections_file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_connections(settings)
    message = str(caught.value)
    assert str(settings.connections_file) in message
    assert named in message
    assert SECRET not in message
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
