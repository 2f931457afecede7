"""Which rows of the seed identity_denied name a token that no record carries."""

from __future__ import annotations

from voxpop.config import Settings
from voxpop.errors import ConfigError
from voxpop.warehouse.seed_tables import DeniedPair
from voxpop.warehouse.seeds import lines_of
from voxpop.warehouse.state import connected

DENIED_IS_KNOWN = "a_denied_token_is_carried"
"""The data test of the tokens that fails where such a row names one that is not among them."""


def rows_of_nobody(settings: Settings) -> ConfigError:
    """Say which rows name a token that no record carries, among the tokens that were built last.

    Args:
        settings: where everything is; the caller holds the warehouse's lock.

    Returns:
        The error to raise: each such row by its number, and which of its tokens it is. The token stays out: a
        person wrote it, and it could be anything.
    """
    problems = []
    with connected(settings) as connection:
        for line, denied in lines_of(settings, "identity_denied", DeniedPair):
            for column, type_, token in (
                ("token", denied.identifier_type, denied.token),
                ("other_token", denied.other_identifier_type, denied.other_token),
            ):
                known = "select 1 from intermediate.int_customer_tokens where node = ?"
                if connection.execute(known, [f"{type_}:{token}"]).fetchone() is None:
                    problems.append(f"row {line}: {column} names no identifier of the type {type_}")
    return ConfigError(
        f"identity_denied.csv in {settings.seeds} can't be used: a row parts two identifiers that records "
        "carry. What was pending stays pending. Take the tokens from identity_tokens, or the row out, and "
        "build again:\n  " + "\n  ".join(problems)
    )
