"""What can identify a person, turned into keyed tokens at landing; the value itself goes nowhere.

Token: the first 32 hex digits of HMAC-SHA256(key of the type, normalized value), where the key of a type is
HMAC-SHA256(secret, "voxpop/identifier/<type>"): tokens of two types never compare. Tokens are pseudonymous
personal data, not anonymous ones (NIST SP 800-53 SI-19(4)).
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import msgspec
import phonenumbers

from voxpop.config import Settings
from voxpop.errors import ConfigError
from voxpop.raw import files
from voxpop.raw.records import IdentifierType

IDENTIFIER_TYPES: tuple[IdentifierType, ...] = get_args(IdentifierType)

REGION = "US"
"""Where a telephone number without a country code is taken to be from."""

_CACHED = 1_000_000
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_WORD = re.compile(r"[^\W\d_]+")
_NOT_A_DIGIT = re.compile(r"[\s().\-/]")
_NORTH_AMERICAN = re.compile(r"(?:\+?1)?([2-9]\d{2}[2-9]\d{6})")
_ADDRESS_OF_A_CALL = re.compile(r"^(?:tel|sip|sips):", re.IGNORECASE)


class Token(msgspec.Struct, frozen=True, gc=False):
    """An identifier without its value. `token` is 32 hex digits."""

    type: str
    token: str
    key_version: int


class _Keys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    current: int
    keys: dict[str, str]


def normalize(type_: str, value: str) -> str | None:
    """Bring an identifier to the one form that its token is made from.

    Emails, accounts and case numbers are trimmed and lowered, telephone numbers become E.164, names lose case
    and what stands between words; visitor ids are trimmed only, since a tool's ids may differ by case alone.

    Returns:
        None where the value can't be an identifier of that type (blank, an email without @, a name of one
        word).
    """
    value = value.strip()
    if type_ == "phone":
        return _e164(value)
    if type_ == "visitor":
        return value or None
    if type_ == "name":
        return _name(value)
    value = value.lower()
    if type_ == "email" and not _EMAIL.fullmatch(value):
        return None
    return value or None


def _name(value: str) -> str | None:
    """The words in the order in which they came; one word alone is half a name."""
    words = _WORD.findall(unicodedata.normalize("NFKC", value).casefold())
    return " ".join(words) if len(words) > 1 else None


def _e164(value: str) -> str | None:
    value = _ADDRESS_OF_A_CALL.sub("", value).partition("@")[0]
    usual = _NORTH_AMERICAN.fullmatch(_NOT_A_DIGIT.sub("", value))
    if usual:
        return f"+1{usual[1]}"
    try:
        number = phonenumbers.parse(value, REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    number.extension = None
    formatted: str = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return formatted


class Tokenizer:
    """Makes tokens; one per distinct value, so that a value seen again costs a look-up."""

    def __init__(self, secret: bytes, key_version: int, placeholders: frozenset[tuple[str, str]]) -> None:
        """Take the secret and what stands for no one.

        Args:
            secret: 32 random bytes.
            key_version: goes beside each token.
            placeholders: (type, normalized value) that give no token.
        """
        self.key_version = key_version
        self._hmacs: dict[str, _Hmac] = {
            type_: _Hmac(hmac.digest(secret, f"voxpop/identifier/{type_}".encode(), "sha256"))
            for type_ in IDENTIFIER_TYPES
        }
        self._placeholders = placeholders
        self._made: dict[str, dict[str, Token | None]] = {type_: {} for type_ in IDENTIFIER_TYPES}

    def __repr__(self) -> str:
        return f"Tokenizer(key_version={self.key_version})"

    @classmethod
    def load(cls, settings: Settings, create: bool) -> Tokenizer:
        """Read the key and the placeholders.

        Args:
            settings: where they are.
            create: make a key if there is none and nothing has landed yet.

        Raises:
            ConfigError: no key, though records have landed by one; or a key or seed that can't be read.
        """
        path = settings.secrets / "identifier-keys.json"
        if not path.exists():
            _refuse_beside_raw(settings, path)
            if not create:
                raise ConfigError(
                    f"{path}: no identifier key. The first landing makes one; or put yours there."
                )
            _create_key(path)
        version, secret = _read_key(path)
        return cls(secret, version, _placeholders(settings.seeds / "identity_blocklist.csv"))

    def token(self, type_: str, value: str) -> Token | None:
        """Give the token of an identifier as it came, or None if it identifies nobody.

        Raises:
            KeyError: not one of `IDENTIFIER_TYPES`.
        """
        made = self._made[type_]
        if value not in made:
            if len(made) >= _CACHED:
                made.clear()
            made[value] = self._make(type_, value)
        return made[value]

    def tokens(self, identifiers: Sequence[tuple[str, str]]) -> list[Token]:
        """Give the tokens of a record, each once, in an order that doesn't depend on the record's."""
        found = [token for type_, value in identifiers if (token := self.token(type_, value))]
        return sorted(set(found), key=_order) if len(found) > 1 else found

    def blocked(self, identifiers: Sequence[tuple[str, str]]) -> list[str]:
        """Give the types of those of a record's identifiers that are placeholders, one a placeholder."""
        return [
            type_ for type_, value in identifiers if (type_, normalize(type_, value)) in self._placeholders
        ]

    def _make(self, type_: str, value: str) -> Token | None:
        normal = normalize(type_, value)
        if normal is None or (type_, normal) in self._placeholders:
            return None
        return Token(type_, self._hmacs[type_].hex(normal.encode())[:32], self.key_version)


def _order(token: Token) -> tuple[str, str]:
    return token.type, token.token


class _Hmac:
    """HMAC-SHA256 (RFC 2104), both hashes begun by the key: three times as fast as `hmac.digest`."""

    def __init__(self, key: bytes) -> None:
        padded = key.ljust(64, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))

    def hex(self, message: bytes) -> str:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.hexdigest()


def _refuse_beside_raw(settings: Settings, path: Path) -> None:
    if next(settings.raw.glob("*/*/dt=*/*/manifest.json"), None) is None:
        return
    raise ConfigError(
        f"{path}: the identifier key is missing, though records have landed with it in {settings.raw}. With "
        "a new key nobody would be known again. Nothing was landed; put the key back."
    )


def _create_key(path: Path) -> None:
    """Make a key; of two processes that try, both end up with the first one's."""
    files.make_folder(path.parent, below=path.parent)
    mine = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    files.write_new(mine, msgspec.json.encode(_Keys(1, {"1": secrets.token_hex(32)})))
    try:
        path.hardlink_to(mine)
    except FileExistsError:
        pass
    finally:
        mine.unlink()
    files.sync_folder(path.parent)


def _read_key(path: Path) -> tuple[int, bytes]:
    try:
        keys = msgspec.json.decode(path.read_bytes(), type=_Keys)
        secret = bytes.fromhex(keys.keys[str(keys.current)])
    except (msgspec.DecodeError, KeyError, ValueError):
        # The cause could hold the key, so it is neither shown nor chained.
        raise ConfigError(
            f'{path}: not a key file. It reads {{"current": 1, "keys": {{"1": "<64 hex digits>"}}}}.'
        ) from None
    if len(secret) != 32:
        raise ConfigError(f"{path}: key {keys.current} has {len(secret)} bytes and needs 32 (64 hex digits).")
    return keys.current, secret


def _placeholders(path: Path) -> frozenset[tuple[str, str]]:
    """Read the seed of values that stand for no one; without the file there are none.

    Raises:
        ConfigError: no folder of seeds, or a row whose type or value can't be used; names the row.
    """
    if not path.parent.is_dir():
        raise ConfigError(f"{path.parent}: there is no such folder of seeds. Nothing was landed.")
    found: set[tuple[str, str]] = set()
    if not path.exists():
        return frozenset(found)
    with path.open(encoding="utf-8-sig", newline="") as lines:
        for row, entry in enumerate(csv.DictReader(lines), start=2):
            type_, value = entry.get("identifier_type") or "", entry.get("value") or ""
            if type_ not in IDENTIFIER_TYPES:
                known = ", ".join(IDENTIFIER_TYPES)
                raise ConfigError(f"{path}: row {row}: identifier_type {type_!r} is none of {known}.")
            normal = normalize(type_, value)
            if normal is None:
                raise ConfigError(f"{path}: row {row}: {value!r} is no {type_}, so it can't stand for one.")
            found.add((type_, normal))
    return frozenset(found)
