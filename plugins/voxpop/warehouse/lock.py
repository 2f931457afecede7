"""One writer at a time: a file lock beside the warehouse that names its holder."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec

from voxpop.config import Settings
from voxpop.errors import Locked


class Holder(msgspec.Struct, frozen=True):
    """Who works on the warehouse; since when is the lock file's own time of change."""

    pid: int
    host: str
    step: str


@contextmanager
def hold(settings: Settings, step: str) -> Iterator[None]:
    """Keep every other process away from the warehouse until the block or this process ends, however.

    The file stays when the lock is free: who would remove it could remove one that another has just taken.

    Args:
        settings: where the warehouse is.
        step: what is done meanwhile, for the message that others get.

    Raises:
        Locked: another holds it; the message names process, host, step and since when.
    """
    path = settings.warehouse.with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Locked(_describe(descriptor)) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, msgspec.json.encode(Holder(os.getpid(), socket.gethostname(), step)), 0)
        yield
    finally:
        os.close(descriptor)


def _describe(descriptor: int) -> str:
    since = datetime.fromtimestamp(os.fstat(descriptor).st_mtime, UTC)
    try:
        holder = msgspec.json.decode(os.pread(descriptor, 1024, 0), type=Holder)
    except msgspec.DecodeError:  # taken a moment ago, its name not written yet
        who = "another process"
    else:
        who = f"process {holder.pid} on {holder.host} ({holder.step}, since {since:%Y-%m-%d %H:%M:%S} UTC)"
    return f"warehouse: {who} works on it. Nothing was changed; run this again when it has ended."
