"""Files that outlive a crash and that only their owner reads.

Every folder made here is 0700 and every file 0600, whatever the umask. A file appears under its name only
when its bytes are on disk.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from voxpop.errors import Locked

FOLDER_MODE = 0o700
FILE_MODE = 0o600


class Holder(msgspec.Struct, frozen=True):
    """Who holds a lock and for what, written into its file; since when is that file's own time of change."""

    pid: int
    host: str
    doing: str


def make_folder(path: Path, *, below: Path) -> None:
    """Make `path` and what is missing between it and `below`, each 0700.

    Args:
        path: the folder to make; nothing happens if it exists.
        below: a folder above it, or itself; 0700 from now on. If missing it is made, with its parents as the
            umask says.
    """
    below.parent.mkdir(parents=True, exist_ok=True)
    _make_private(below)
    below.chmod(FOLDER_MODE)
    folder = below
    for name in path.relative_to(below).parts:
        folder = folder / name
        _make_private(folder)


def _make_private(folder: Path) -> None:
    try:
        folder.mkdir(FOLDER_MODE)
    except FileExistsError:
        return
    folder.chmod(FOLDER_MODE)
    sync_folder(folder.parent)


def create(path: Path) -> int:
    """Open a new file for writing, 0600, emptying what an interrupted run left under that name."""
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, FILE_MODE)
    os.fchmod(descriptor, FILE_MODE)
    return descriptor


def write_new(path: Path, content: bytes | memoryview) -> None:
    """Write a file and bring its bytes to disk; where the folder's entry matters the caller syncs that."""
    descriptor = create(path)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_durably(path: Path, content: bytes | memoryview) -> None:
    """Put a file in place whole: readers see the old bytes or the new ones, after a crash too."""
    temporary = path.with_name(f".{path.name}.tmp")
    write_new(temporary, content)
    temporary.replace(path)
    sync_folder(path.parent)


def copy_durably(source: Path, target: Path) -> str:
    """Copy a file's bytes, and give the SHA-256 of what was copied, in hex."""
    temporary = target.with_name(f".{target.name}.tmp")
    digest = hashlib.sha256()
    with source.open("rb") as original, os.fdopen(create(temporary), "wb") as copy:
        while chunk := original.read(1 << 20):
            digest.update(chunk)
            copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    temporary.replace(target)
    sync_folder(target.parent)
    return digest.hexdigest()


def append_durably(path: Path, line: bytes) -> None:
    """Add one line to a file that is only ever added to."""
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, FILE_MODE)
    try:
        os.fchmod(descriptor, FILE_MODE)
        os.write(descriptor, line)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring a folder's entries to disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def move_folder(source: Path, target: Path) -> None:
    """Rename a folder onto a name that is free, and bring both parents to disk."""
    source.rename(target)
    sync_folder(target.parent)
    sync_folder(source.parent)


def remove_folder(folder: Path) -> None:
    """Remove a folder and what is in it, if it exists."""
    if folder.exists():
        shutil.rmtree(folder)


@contextmanager
def locked(path: Path, what: str, doing: str) -> Iterator[None]:
    """Hold a lock that ends with its process, however that ends.

    Args:
        path: the lock's file, in a folder that exists; gone when the lock is free, unless a holder crashed.
        what: what the lock keeps others from, for the message that they get.
        doing: what it is held for, for the same.

    Raises:
        Locked: another has it; the message names process, host, what it does and since when.
    """
    descriptor = _take(path, what)
    try:
        holder = Holder(os.getpid(), socket.gethostname(), doing)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, msgspec.json.encode(holder), 0)
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _take(path: Path, what: str) -> int:
    while True:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, FILE_MODE)
        os.fchmod(descriptor, FILE_MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(descriptor)
            os.close(descriptor)
            raise Locked(f"{what}: {holder} works on it. Run this again when it has ended.") from None
        if _is_at(path, descriptor):
            return descriptor
        os.close(descriptor)  # its holder removed it between our opening it and locking it


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _holder(descriptor: int) -> str:
    since = datetime.fromtimestamp(os.fstat(descriptor).st_mtime, UTC)
    try:
        holder = msgspec.json.decode(os.pread(descriptor, 1024, 0), type=Holder)
    except msgspec.DecodeError:  # taken a moment ago, its name not written yet
        return "another process"
    return f"process {holder.pid} on {holder.host} ({holder.doing}, since {since:%Y-%m-%d %H:%M:%S} UTC)"
