"""What is new: batches that raw has and the warehouse lacks, and batches excluded or included since."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from voxpop.raw.manifests import Manifest

Change = Literal["land", "exclude", "include"]
State = Literal["built", "excluded"]


@dataclass(frozen=True)
class PendingBatch:
    """A batch that a build takes in, leaves out, or takes back in.

    Attributes:
        manifest: the batch.
        change: `land` and `include` read its files, `exclude` reads nothing.
        is_unsettled: nobody knows which tables show it already, because a build that took it in (or out)
            didn't end, or because everything is built anew: all of its records count as touched.
    """

    manifest: Manifest
    change: Change
    is_unsettled: bool

    @property
    def files(self) -> tuple[str, ...]:
        """The parts that staging reads, as paths."""
        if self.change == "exclude":
            return ()
        return tuple(str(path) for path in self.manifest.part_files)


def pending_batches(
    visible: Sequence[Manifest],
    excluded: Collection[str],
    built: Mapping[str, State],
    unsettled: Collection[str],
) -> list[PendingBatch]:
    """Say what the next build has to change.

    Args:
        visible: all batches of raw.
        excluded: ids of those that an operator has excluded.
        built: what the last finished build left: batch id → its state.
        unsettled: ids of what a build that didn't end had before it.

    Returns:
        By batch id. A batch that is excluded before anything was built of it is not among them.
    """
    found = []
    for manifest in sorted(visible, key=lambda manifest: manifest.batch_id):
        batch_id = manifest.batch_id
        change = _change(batch_id in excluded, built.get(batch_id), batch_id in unsettled)
        if change:
            found.append(PendingBatch(manifest, change, batch_id in unsettled))
    return found


def _change(is_excluded: bool, state: State | None, is_unsettled: bool) -> Change | None:
    if is_excluded:
        return "exclude" if state == "built" or is_unsettled else None
    if state is None:
        return "land"
    return "include" if state == "excluded" or is_unsettled else None


def all_batches(visible: Sequence[Manifest], excluded: Collection[str]) -> list[PendingBatch]:
    """Say the same of a build that begins from nothing: every batch that isn't excluded lands."""
    return [
        PendingBatch(manifest, "land", is_unsettled=True)
        for manifest in sorted(visible, key=lambda manifest: manifest.batch_id)
        if manifest.batch_id not in excluded
    ]
