"""JSON documents as templates, so that thousands of records become bytes by one format each.

A template is an ordinary document with three kinds of marks. The string `$name` is a value that goes
between quotes; what stands before the mark stays. The string `#name` is JSON put in as it is: a number, an
encoded text, an object. The key `@name` stands for members that may be missing: a text such as
`"ani":"…",`, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import msgspec

from voxpop.sample_agency.draws import Ints

_MARK = re.compile(rb'\$(\w+)(?=")|"#(\w+)"|"@(\w+)":null,')


@dataclass(frozen=True)
class Template:
    """A document to be filled in."""

    pieces: tuple[bytes, ...]
    """What stands before, between and after the values: one more than there are names."""
    names: tuple[str, ...]
    """The values in the order in which the text wants them; a name may come more than once."""

    def fill(self, columns: Columns, rows: slice) -> list[bytes]:
        """Make the documents of these rows, one JSON document a row; there is at least one value."""
        made = {name: columns.values(name)[rows] for name in dict.fromkeys(self.names)}
        parts: list[Iterable[bytes]] = [repeat(self.pieces[0])]
        for name, piece in zip(self.names, self.pieces[1:], strict=True):
            parts += (made[name], repeat(piece))
        return list(map(b"".join, zip(*parts, strict=False)))


class Columns:
    """A table's columns as bytes, each made when a template first asks for it."""

    def __init__(self, makers: Mapping[str, Callable[[], list[bytes]]]) -> None:
        self._makers = makers
        self._made: dict[str, list[bytes]] = {}

    def values(self, name: str) -> list[bytes]:
        """The column, one value a row."""
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]


def compile_template(document: Mapping[str, Any]) -> Template:
    """Read the marks out of a document.

    A key `@name` must have the value None and be followed by another key.
    """
    pieces: list[bytes] = []
    names: list[str] = []
    end = 0
    text = msgspec.json.encode(document)
    for match in _MARK.finditer(text):
        pieces.append(text[end : match.start()])
        names.append(b"".join(name or b"" for name in match.groups()).decode())
        end = match.end()
    return Template((*pieces, text[end:]), tuple(names))


def texts(values: list[str | None]) -> list[bytes]:
    """Texts as JSON strings; None is null."""
    return [b"null" if value is None else msgspec.json.encode(value) for value in values]


def numbers(values: Ints) -> list[bytes]:
    """Whole numbers as JSON; at least one."""
    return msgspec.json.encode(values.tolist())[1:-1].split(b",")
