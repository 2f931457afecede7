"""The texts that go with a quarter's files."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape


def text(template: str, **values: object) -> bytes:
    """Fill a template in, and give it as UTF-8; in HTML every value is escaped.

    Args:
        template: its file.
        values: all that it names.
    """
    environment = Environment(
        loader=PackageLoader("voxpop.export"),
        autoescape=select_autoescape(["html", "html.j2"]),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(values).encode("utf-8")
