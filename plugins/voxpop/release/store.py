"""Where releases are kept: the folders, the link `current`, the log; publishing and going back."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, TypedDict, cast

import msgspec

from voxpop.config import Settings
from voxpop.errors import UsageError, VoxpopError
from voxpop.raw import files, reasons
from voxpop.release import manifest as manifests
from voxpop.release.manifest import DATABASE, NAME, PAGE, File, Manifest

KEEP_RELEASES = 12
"""How many releases are kept beside the current one and those that a quarter was exported from, newest first.
Older ones can be made again from raw."""

FOLDER_MODE = 0o750
FILE_MODE = 0o440
CANDIDATE = ".tmp-"
"""A candidate's folder is this and its release id; no reader looks at it."""

_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")
_CURRENT = "current"
_LOG = "log.ndjson"


@dataclass(frozen=True)
class Release:
    """A published release."""

    release_id: str
    folder: Path
    manifest: Manifest

    @property
    def database(self) -> Path:
        """The DuckDB file; open it read-only."""
        return self.folder / DATABASE


@dataclass(frozen=True)
class Candidate:
    """A release that is being made: staged, perhaps audited, not yet visible."""

    release_id: str
    folder: Path

    @property
    def database(self) -> Path:
        """The DuckDB file; open it read-only."""
        return self.folder / DATABASE

    @property
    def manifest(self) -> Manifest:
        """What its manifest says now: the gate adds to it."""
        return manifests.read(self.folder)


class LogLine(TypedDict, total=False):
    """A line of `releases/log.ndjson`; `before` is the release that was current until then."""

    at: str
    action: Literal["publish", "rollback", "remove", "export"]
    release_id: str
    before: str | None
    reason: str


def locked(settings: Settings, step: str) -> AbstractContextManager[None]:
    """Hold the releases: one process at a time stages, publishes or goes back; `step` says which.

    Raises:
        Locked: another process has them; the message names it.
    """
    if not settings.releases.exists():
        settings.releases.mkdir(mode=FOLDER_MODE, parents=True)
        settings.releases.chmod(FOLDER_MODE)
    return files.locked(settings.releases / ".lock", "releases", step)


def list_releases(settings: Settings) -> list[Release]:
    """Give the releases that are kept, newest first."""
    return [_release(settings.releases / name) for name in _names(settings)]


def current(settings: Settings) -> Release | None:
    """Give the release that people read; None before the first."""
    name = _current_name(settings)
    return None if name is None else _release(settings.releases / name)


def show(settings: Settings, release_id: str | None) -> Release:
    """Give one release, or the current one.

    Raises:
        UsageError: there is no such release.
    """
    if release_id is None:
        release = current(settings)
        if release is None:
            raise UsageError(nothing_in(settings))
        return release
    folder = settings.releases / release_id
    if not _ID.fullmatch(release_id) or not folder.exists():
        kept = ", ".join(_names(settings)) or "none"
        raise UsageError(f"{release_id}: there is no such release. Kept: {kept}.")
    return _release(folder)


def nothing_in(settings: Settings) -> str:
    """Say that a home has no release, and how another would be named."""
    return (
        f"{settings.home}: nothing has been published there yet. Run `voxpop run`, or set VOXPOP_HOME to "
        "the folder that was meant."
    )


def candidates(settings: Settings) -> list[Candidate]:
    """Give what is staged and not published."""
    found = sorted(settings.releases.glob(f"{CANDIDATE}*")) if settings.releases.exists() else []
    named = [(path, path.name.removeprefix(CANDIDATE)) for path in found]
    return [Candidate(release_id, path) for path, release_id in named if _ID.fullmatch(release_id)]


def publish(settings: Settings, candidate: Candidate, *, now: datetime) -> Path:
    """Make an audited candidate the current release.

    Its files are hashed, made read-only and brought to disk; the folder takes its name; then the link moves.
    A reader sees the earlier release or this one. Published again after a crash, it goes on where it stopped.

    Returns:
        The release's folder.

    Raises:
        UsageError: the candidate has not passed the gate, has no page, or was made to follow another release.
        VoxpopError: a file is no longer what was staged.
        Locked: another process stages, publishes or goes back.
    """
    folder = settings.releases / candidate.release_id
    with locked(settings, "publish"):
        before = current(settings)
        if before is not None and before.release_id == candidate.release_id:
            return folder
        manifest = manifests.read(candidate.folder)
        _check_may_follow(candidate.folder, manifest, before)
        if candidate.folder != folder:
            _seal(candidate.folder, manifest)
            files.move_folder(candidate.folder, folder)
        _point(settings, folder.name)
        _log(
            settings,
            {
                "at": now.isoformat(),
                "action": "publish",
                "release_id": candidate.release_id,
                "before": before.release_id if before else None,
            },
        )
        _remove_old(settings, folder.name, now)
    return folder


def rollback(settings: Settings, release_id: str | None, reason: str, now: datetime) -> Release:
    """Point readers at an earlier release; nothing is removed, and the log keeps the reason.

    Until something new lands, `stage` does not make again what was left this way.

    Args:
        settings: where the releases are.
        release_id: which; None: the newest that is older than the current.
        reason: why, for the log.
        now: when.

    Raises:
        UsageError: there is no such release, it is the current one, or the reason is missing or holds
            personal data.
        VoxpopError: its database is no longer what was published.
        Locked: another process stages, publishes or goes back.
    """
    reasons.check(
        reason,
        what="rollback",
        kept="it is kept in the log",
        nothing="Nothing was rolled back.",
    )
    with locked(settings, "rollback"):
        # Only the name: the current release may be the damaged one that somebody wants to leave.
        before = _current_name(settings) or show(settings, None).release_id
        release = show(settings, release_id or _older(settings, before))
        if release.release_id == before:
            raise UsageError(f"{release.release_id}: is the current release already.")
        if not is_whole(release):
            raise VoxpopError(
                f"{release.release_id}: {DATABASE} is not what was published. {before} stays "
                "current; go back to another one: `voxpop releases list`."
            )
        line: LogLine = {"at": now.isoformat(), "action": "rollback", "release_id": release.release_id}
        _log(settings, line | {"before": before, "reason": reason})
        _point(settings, release.release_id)
    return release


def note_export(settings: Settings, release_id: str) -> None:
    """Keep a release: what was filed from it is public, and later ones are compared with it."""
    if release_id not in _exported(settings):
        _log(settings, {"action": "export", "release_id": release_id})


def is_whole(release: Release) -> bool:
    """Whether a release's database is, byte for byte, what was published."""
    published = release.manifest["files"][DATABASE]
    return release.database.exists() and manifests.file_hash(release.database) == published


def withdrawn(settings: Settings) -> list[Release]:
    """Give the releases that were rolled back after the last publication."""
    left: set[str] = set()
    for line in log(settings):
        if line["action"] == "publish":
            left.clear()
        elif line["action"] == "rollback":
            left.add(str(line["before"]))
            left.discard(line["release_id"])
    return [release for release in list_releases(settings) if release.release_id in left]


def rolled_back(settings: Settings) -> dict[str, LogLine]:
    """Give the rollback by which readers last left a release, by its id; none if it became current again."""
    left: dict[str, LogLine] = {}
    for line in log(settings):
        if line["action"] == "rollback":
            left[str(line["before"])] = line
        left.pop(line["release_id"], None)
    return left


def never_current(settings: Settings) -> list[Release]:
    """Give the releases that have their name and never were current: a crash came before the link moved.

    They were made to follow the one that is still current, and the log says nothing of them.
    """
    before = current(settings)
    now_current = before.release_id if before else None
    known = {now_current}
    for line in log(settings):
        known |= {line["release_id"], line.get("before")}
    return [
        release
        for release in list_releases(settings)
        if release.release_id not in known and release.manifest["supersedes"] == now_current
    ]


def log(settings: Settings) -> list[LogLine]:
    """Give what was done to the link and the folders, oldest first."""
    file = settings.releases / _LOG
    lines = file.read_bytes().splitlines() if file.exists() else []
    return [cast(LogLine, msgspec.json.decode(line)) for line in lines]


def _release(folder: Path) -> Release:
    return Release(folder.name, folder, manifests.read(folder))


def _names(settings: Settings) -> list[str]:
    """The ids of the releases that are kept, newest first."""
    if not settings.releases.exists():
        return []
    return sorted(
        (path.name for path in settings.releases.iterdir() if _ID.fullmatch(path.name)), reverse=True
    )


def _current_name(settings: Settings) -> str | None:
    """Where the link `current` leads; the release itself may be damaged or gone."""
    link = settings.releases / _CURRENT
    return link.readlink().name if link.is_symlink() else None


def _older(settings: Settings, than: str) -> str:
    older = [name for name in _names(settings) if name < than]
    if not older:
        raise UsageError(f"{than}: no earlier release is kept.")
    return older[0]


def _check_may_follow(folder: Path, manifest: Manifest, before: Release | None) -> None:
    name, audit = manifest["release_id"], manifest["audit"]
    if audit is None:
        raise UsageError(f"{name}: is not audited yet, so it can't be published. Run `voxpop audit {name}`.")
    if not audit["passed"]:
        raise UsageError(
            f"{name}: was refused by the gate, so it can't be published. Exclude the batch or mend the "
            "cause, then run again: docs/runbooks/refused-release.md."
        )
    if not (folder / PAGE).exists():
        raise UsageError(f"{name}: has no page yet, so it can't be published. Run `voxpop report {name}`.")
    now_current = before.release_id if before else None
    if manifest["supersedes"] != now_current:
        raise UsageError(
            f"{name}: was made to follow {manifest['supersedes']}, and current is {now_current}. Stage anew: "
            "`voxpop stage`."
        )


def _seal(folder: Path, manifest: Manifest) -> None:
    """Write every file's hash into the manifest, make all read-only, and bring it to disk."""
    staged = manifest["files"]
    found: dict[str, File] = {
        path.relative_to(folder).as_posix(): manifests.file_hash(path)
        for path in _files(folder)
        if path.name != NAME or path.parent != folder
    }
    changed = sorted(name for name, file in staged.items() if found.get(name) != file)
    if changed:
        raise VoxpopError(
            f"{manifest['release_id']}: {', '.join(changed)} changed since it was staged. "
            "Nothing was published; stage anew: `voxpop stage`."
        )
    manifest["files"] = found
    manifests.write(folder, manifest)
    for path in _files(folder):
        path.chmod(FILE_MODE)
        with path.open("rb") as file:
            os.fsync(file.fileno())
    for path in [*(path for path in folder.rglob("*") if path.is_dir()), folder]:
        path.chmod(FOLDER_MODE)
        files.sync_folder(path)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _point(settings: Settings, name: str) -> None:
    """Make `current` lead to a release; readers find the old one or the new one."""
    link = settings.releases / _CURRENT
    new = settings.releases / f".{_CURRENT}.new"
    new.unlink(missing_ok=True)
    new.symlink_to(name)
    new.replace(link)
    files.sync_folder(settings.releases)


def _log(settings: Settings, line: LogLine) -> None:
    files.append_durably(settings.releases / _LOG, msgspec.json.encode(line) + b"\n")


def _remove_old(settings: Settings, keep: str, now: datetime) -> None:
    kept = {keep, *_exported(settings)}
    older = [release for release in list_releases(settings) if release.release_id not in kept]
    for release in older[KEEP_RELEASES:]:
        _log(settings, {"at": now.isoformat(), "action": "remove", "release_id": release.release_id})
        shutil.rmtree(release.folder)


def _exported(settings: Settings) -> set[str]:
    return {line["release_id"] for line in log(settings) if line["action"] == "export"}
