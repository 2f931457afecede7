"""Changes of method that a person has accepted: what the gate would refuse as a loss is what they wanted."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from voxpop.config import Settings
from voxpop.errors import UsageError
from voxpop.raw import files, reasons
from voxpop.release import store
from voxpop.release.manifest import Accepted
from voxpop.release.store import Candidate

_LIST = "accepted.ndjson"


class Acceptance(msgspec.Struct, frozen=True):
    """A line of `releases/accepted.ndjson`: the change from a release to a method, why and when."""

    supersedes: str
    fingerprint: str
    reason: str
    at: datetime


def accept(settings: Settings, candidate: Candidate, reason: str, now: datetime) -> None:
    """Accept what a candidate's new method changes in the current release.

    The next candidate that the same models, seeds and policy make to follow the same release carries the
    reason in its manifest, and its comparison with that release only warns.

    Args:
        settings: where the releases are.
        candidate: it was refused, or will be.
        reason: why; it is public.
        now: when.

    Raises:
        UsageError: there is no current release, the candidate follows another one or was made by its method,
            or the reason is missing or holds personal data.
    """
    manifest, current = candidate.manifest, store.current(settings)
    if current is None or manifest["supersedes"] != current.release_id:
        raise UsageError(
            f"{candidate.release_id}: doesn't follow the current release. Stage anew: `voxpop stage`."
        )
    if manifest["fingerprint"] == current.manifest["fingerprint"]:
        raise UsageError(
            f"{candidate.release_id}: was made by the same models, seeds and policy as {current.release_id}, "
            "so there is no change of method to accept. If a batch is to blame: `voxpop batches exclude`."
        )
    reasons.check(
        reason,
        what=candidate.release_id,
        kept="it is public: in the release's manifest",
        nothing="Nothing was accepted.",
    )
    line = Acceptance(current.release_id, manifest["fingerprint"], reason, now)
    files.append_durably(settings.releases / _LIST, msgspec.json.encode(line) + b"\n")


def accepted(settings: Settings, supersedes: str | None, fingerprint: str) -> Accepted | None:
    """Give what was said last of a method's change from a release; None if nobody accepted it."""
    file = settings.releases / _LIST
    lines = file.read_bytes().splitlines() if file.exists() else []
    found = [msgspec.json.decode(line, type=Acceptance) for line in lines]
    said = [one for one in found if (one.supersedes, one.fingerprint) == (supersedes, fingerprint)]
    if not said:
        return None
    return {"reason": said[-1].reason, "at": said[-1].at.astimezone(UTC).isoformat()}
