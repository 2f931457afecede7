"""What can go wrong, one type for each thing that a caller can act on.

A message says what was wrong, where, what was kept, and what to do; it never holds a secret, and a URL
in it has lost its query.
"""


class VoxpopError(Exception):
    """Anything voxpop reports to a person; the command line exits with `exit_code`."""

    exit_code = 1


class UsageError(VoxpopError):
    """The call itself was wrong: an unknown source, a window that ends before it begins."""

    exit_code = 2


class ConfigError(VoxpopError):
    """A configured file or seed row can't be used; names the file, the line or row, and the reason."""


class SourceError(VoxpopError):
    """A tool refused for good (credential, form, contract): trying again without a change is useless."""


class SourceUnavailable(VoxpopError):
    """A tool gave no good answer in time: what had landed is kept, and a later run goes on from there."""


class Locked(VoxpopError):
    """Another process works on the warehouse or on the same batch; the message names it."""


class BuildError(VoxpopError):
    """A dbt model, test or seed failed; the pending batches stay pending.

    Attributes:
        failed: the names of the models, tests and seeds that failed; none where dbt did not come so far.
    """

    def __init__(self, message: str, failed: tuple[str, ...] = ()) -> None:
        """Keep the names beside the message."""
        super().__init__(message)
        self.failed = failed


class AuditError(VoxpopError):
    """The gate could not be run at all; this is not a refusal."""


class Refused(VoxpopError):
    """The gate, or the closing of a quarter, said no; what was there stays.

    Trying again without a change is useless.
    """

    exit_code = 3
