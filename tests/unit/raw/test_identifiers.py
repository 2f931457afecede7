"""Tokens: one per person and type, no value left, and a key that is never replaced behind anyone's back."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from voxpop.config import PROJECT, Settings
from voxpop.errors import ConfigError
from voxpop.raw.identifiers import Tokenizer, normalize


@pytest.mark.parametrize(
    ("type_", "value", "normal"),
    [
        ("email", "  Ann.Lee@Example.COM ", "ann.lee@example.com"),
        ("email", "ann.lee", None),
        ("email", "ann lee@example.com", None),
        ("email", "", None),
        ("account", " AB-123 ", "ab-123"),
        ("account", "  ", None),
        ("case", "C-9", "c-9"),
        ("name", "  Ann-Marie  O\u2019LEE ", "ann marie o lee"),
        ("name", "\uff21\uff4e\uff4e Stra\u00dfe", "ann strasse"),
        ("name", "Ann", None),
        ("name", "+1 510 555 0123", None),
        ("visitor", " aBc ", "aBc"),
        ("visitor", "", None),
        ("phone", "(510) 555-0123", "+15105550123"),
        ("phone", "tel:+15105550123", "+15105550123"),
        ("phone", "sip:+15105550123@example.com;user=phone", "+15105550123"),
        ("phone", "1-510-555-0123", "+15105550123"),
        ("phone", "510.555.0123 ext. 7", "+15105550123"),
        ("phone", "+44 20 7946 0958", "+442079460958"),
        ("phone", "tel:anonymous", None),
        ("phone", "123", None),
        ("phone", "", None),
    ],
)
def test_an_identifier_has_one_form(type_: str, value: str, normal: str | None) -> None:
    assert normalize(type_, value) == normal


def test_a_token_is_the_documented_hmac() -> None:
    key = hmac.new(b"\1" * 32, b"voxpop/identifier/email", hashlib.sha256).digest()
    expected = hmac.new(key, b"ann@example.com", hashlib.sha256).hexdigest()[:32]
    token = Tokenizer(b"\1" * 32, 3, frozenset()).token("email", "Ann@Example.com")
    assert token is not None
    assert (token.type, token.token, token.key_version) == ("email", expected, 3)


def test_types_never_share_a_token() -> None:
    tokenizer = Tokenizer(bytes(32), 1, frozenset())
    account, case = tokenizer.token("account", "12345"), tokenizer.token("case", "12345")
    assert account is not None and case is not None
    assert account.token != case.token


def test_an_unknown_type_is_an_error() -> None:
    with pytest.raises(KeyError):
        Tokenizer(bytes(32), 1, frozenset()).token("passport", "12345")


def test_placeholders_are_compared_after_normalisation(settings: Settings) -> None:
    tokenizer = Tokenizer.load(settings, create=True)
    assert tokenizer.token("email", " NONE@none.com") is None
    assert tokenizer.token("phone", "tel:+12025550100") is None
    assert tokenizer.token("account", "none@none.com") is not None


@pytest.mark.parametrize("name", ["WIRELESS CALLER", " Unknown  Name", "Anonymous", "Out-of-area"])
def test_a_display_name_that_stands_for_anybody_is_nobodys(tmp_path: Path, name: str) -> None:
    """By the seed of the agency, and because one word alone is no name."""
    settings = Settings(tmp_path, tmp_path / "sources.yml", PROJECT / "dbt_project" / "seeds")
    tokenizer = Tokenizer.load(settings, create=True)
    assert tokenizer.token("name", name) is None
    assert tokenizer.token("name", f"{name} Smith") is not None


def test_a_bad_placeholder_names_its_row(settings: Settings) -> None:
    seed = settings.seeds / "identity_blocklist.csv"
    seed.write_text("identifier_type,value,reason\nemail,a@b.com,x\nfax,1,x\n")
    with pytest.raises(ConfigError, match=r"identity_blocklist\.csv: row 3: identifier_type 'fax'"):
        Tokenizer.load(settings, create=True)


def test_without_the_seed_nothing_is_a_placeholder(settings: Settings) -> None:
    (settings.seeds / "identity_blocklist.csv").unlink()
    assert Tokenizer.load(settings, create=True).token("email", "none@none.com") is not None
    settings.seeds.rmdir()
    with pytest.raises(ConfigError, match="there is no such folder of seeds"):
        Tokenizer.load(settings, create=False)


def test_a_key_is_made_once_and_only_its_owner_reads_it(settings: Settings) -> None:
    old = os.umask(0)
    try:
        first = Tokenizer.load(settings, create=True).token("account", "1")
    finally:
        os.umask(old)
    assert Tokenizer.load(settings, create=True).token("account", "1") == first
    assert Tokenizer.load(settings, create=False).token("account", "1") == first
    key = settings.secrets / "identifier-keys.json"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.secrets.stat().st_mode) == 0o700
    assert [path.name for path in settings.secrets.iterdir()] == [key.name]


def test_two_that_make_a_key_at_once_have_the_same(settings: Settings) -> None:
    with ThreadPoolExecutor(8) as pool:
        loads = [pool.submit(Tokenizer.load, settings, True) for _ in range(8)]
        tokens = {load.result().token("account", "1") for load in loads}
    assert len(tokens) == 1


def test_two_agencies_have_two_keys(settings: Settings) -> None:
    first = Tokenizer.load(settings, create=True).token("account", "1")
    (settings.secrets / "identifier-keys.json").unlink()
    assert Tokenizer.load(settings, create=True).token("account", "1") != first


def test_a_missing_key_beside_raw_is_an_error(settings: Settings) -> None:
    batch = settings.raw / "genesys" / "conversations" / "dt=2026-01-05" / "x"
    batch.mkdir(parents=True)
    (batch / "manifest.json").write_text("{}")
    with pytest.raises(ConfigError, match="put the key back"):
        Tokenizer.load(settings, create=True)
    assert not settings.secrets.exists()


def test_no_key_and_none_to_be_made_is_an_error(settings: Settings) -> None:
    with pytest.raises(ConfigError, match="no identifier key"):
        Tokenizer.load(settings, create=False)


@pytest.mark.parametrize(
    "content",
    [
        "",
        '{"current": 1}',
        '{"current": 2, "keys": {"1": "SECRET"}}',
        json.dumps({"current": 1, "keys": {"1": "5ec4e7" * 3}}),
        json.dumps({"current": 1, "keys": {"1": "zz" * 32}}),
    ],
)
def test_an_unusable_key_is_not_shown(settings: Settings, content: str) -> None:
    settings.secrets.mkdir(parents=True)
    (settings.secrets / "identifier-keys.json").write_text(content)
    with pytest.raises(ConfigError, match=r"identifier-keys\.json") as raised:
        Tokenizer.load(settings, create=True)
    shown = f"{raised.value} {raised.value.__cause__!r}"
    assert "5ec4e7" not in shown and "SECRET" not in shown and "zz" not in shown


def test_a_tokenizer_shows_no_secret() -> None:
    shown = repr(Tokenizer(b"\xab" * 32, 1, frozenset()))
    assert shown == "Tokenizer(key_version=1)"
