"""The reason that a person gives for what they do: others read it, so it tells of nobody."""

from __future__ import annotations

from voxpop.errors import UsageError


def check(reason: str, *, what: str, nothing: str, kept: str) -> None:
    """Refuse a reason that is empty or holds what the gate takes for personal data in text.

    Args:
        reason: as it was given.
        what: what it is about, as the message begins.
        nothing: what was not done, as a sentence.
        kept: who reads it, as a clause.

    Raises:
        UsageError: it is refused. The message names the kinds of what was found, never a value.
    """
    if not reason.strip():
        raise UsageError(f"{what}: give a reason; {kept}.")
    if kinds := _personal_data_in(reason):
        raise UsageError(
            f"{what}: the reason holds what looks like personal data ({', '.join(kinds)}), and {kept}. "
            f"{nothing} Give a reason without it."
        )


def _personal_data_in(text: str) -> list[str]:
    import duckdb

    from expectations.personal_data import kinds_in_text

    with duckdb.connect() as connection:
        query = f"select unnest({kinds_in_text()}) from (select ? as text)"  # noqa: S608 - SQL of our own
        return [kind for (kind,) in connection.execute(query, [text]).fetchall()]
