"""YAML that still knows on which line each key stands, so that a mistake in it can be pointed at."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from voxpop.errors import ConfigError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

PLAIN_WORDS = {
    "extra_forbidden": "there is no such key",
    "missing": "it is missing",
    "bool_type": "it is true or false, without quotes",
    "string_type": "it has to be text: put yes, no, dates and numbers in quotes",
}
"""What pydantic calls an error → what it means to whoever wrote the file."""

Where = tuple[str | int, ...]
"""The keys and positions that lead to a value."""


@dataclass(frozen=True)
class Document:
    """A file's value, and the line of each key in it."""

    path: Path
    value: Any
    lines: dict[Where, int]

    def error(self, where: Where, message: str) -> ConfigError:
        """Make the error that points at a place, or at the nearest thing around it that is in the file."""
        place: Where = where
        while place and place not in self.lines:
            place = place[:-1]
        key = ".".join(str(part) for part in where)
        end = "" if message.endswith("?") else "."
        return ConfigError(f"{self.path}: line {self.lines.get(place, 1)}: {key}: {message}{end}")

    def invalid(self, where: Where, error: ValidationError, known: Collection[str]) -> ConfigError:
        """Make the error that says all that pydantic found wrong with the value at a place.

        `known` are the keys that the value may have: a key that is nearly one of them is said to be meant as
        that one, which then isn't said to be missing.
        """
        errors = error.errors()
        meant: dict[Where, str] = {}
        for each in errors:
            if each["type"] == "extra_forbidden" and len(each["loc"]) == 1:
                for near in get_close_matches(str(each["loc"][0]), known, n=1):
                    meant[each["loc"]] = near
        found = []
        for each in errors:
            if each["type"] == "missing" and each["loc"] in [(near,) for near in meant.values()]:
                continue
            said = in_plain_words(each)
            if each["loc"] in meant:
                said += f"; did you mean {meant[each['loc']]}?"
            place = [part for part in each["loc"] if part != "[key]"]
            found.append(self.error((*where, *place), said))
        return ConfigError("\n".join(str(each) for each in found))


def in_plain_words(error: ErrorDetails) -> str:
    """Say what pydantic found, without its own terms and without a full stop."""
    return PLAIN_WORDS.get(error["type"], error["msg"].removeprefix("Value error, ").rstrip("."))


def read(path: Path) -> Document:
    """Read a file.

    Raises:
        ConfigError: no such file, no YAML, or a key twice; names the line.
    """
    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file.") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}.") from None
    except yaml.reader.ReaderError as error:
        raise ConfigError(f"{path}: {error.reason} at position {error.position}.") from None
    try:
        node = loader.get_single_node()
        lines = dict(_lines(path, node, ()))
        value = None if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = "" if mark is None else f"line {mark.line + 1}: "
        raise ConfigError(f"{path}: {line}{error.problem or error.context}.") from None
    finally:
        loader.dispose()
    return Document(path, value, lines)


def _lines(path: Path, node: yaml.Node | None, where: Where) -> Iterator[tuple[Where, int]]:
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                raise ConfigError(f"{path}: line {line}: the key {key.value!r} stands here a second time.")
            seen.add(key.value)
            yield (*where, key.value), line
            yield from _lines(path, value, (*where, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield (*where, number), value.start_mark.line + 1
            yield from _lines(path, value, (*where, number))
