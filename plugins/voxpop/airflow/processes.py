"""Processes that voxpop starts and must end: each leads a session, so that what it forks ends with it."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import psutil  # type: ignore[import-untyped]  # comes with Airflow, without types

from voxpop.errors import VoxpopError

_POLL_SECONDS = 0.1

T = TypeVar("T")


class Session(msgspec.Struct, frozen=True):
    """A session, by its leader: its process id, which is the session's too, and its start (epoch seconds)."""

    name: str
    pid: int
    began: float


class Started(msgspec.Struct, frozen=True):
    """A process that this one started and that leads a session."""

    process: subprocess.Popen[bytes]
    session: Session
    log: Path

    def wait_until(self, condition: Callable[[], T | None], seconds: float) -> T:
        """Wait until the condition gives something true, and give that.

        Raises:
            VoxpopError: the process ended, or the time is up; names the log and shows its end.
        """
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            try:
                code = self.process.wait(_POLL_SECONDS)
            except subprocess.TimeoutExpired:
                if time.monotonic() < deadline:
                    continue
                raise self._failure(f"was not ready within {seconds:.0f} seconds") from None
            raise self._failure(f"ended with status {code} before it was ready")
        return found

    def wait_to_end(self, seconds: float) -> None:
        """Wait until it has done its work.

        Raises:
            VoxpopError: it failed, or the time is up.
        """
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise self._failure(f"was not done within {seconds:.0f} seconds") from None
        if code:
            raise self._failure(f"failed with status {code}")

    def tell(self, line: bytes) -> None:
        """Write to its standard input, and close that."""
        if self.process.stdin is None:
            raise ValueError(f"{self.session.name} takes no input")
        try:
            with self.process.stdin as stdin:
                stdin.write(line)
        except BrokenPipeError:
            raise self._failure("ended before it was told what to do") from None

    def last_words(self) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def _failure(self, what: str) -> VoxpopError:
        return VoxpopError(
            f"{self.session.name}: it {what}. Its log is {self.log} and ends:\n{self.last_words()}"
        )


def start(
    name: str,
    command: Sequence[str],
    variables: Mapping[str, str],
    log: Path,
    *,
    takes_input: bool = False,
    keeps_open: Sequence[int] = (),
) -> Started:
    """Start a process as the leader of a new session, with its output in a log of its own.

    Args:
        name: for messages.
        command: program and arguments.
        variables: of its environment, beside this process's own.
        log: where its output goes; emptied first.
        takes_input: whether `Started.tell` will be called.
        keeps_open: file descriptors that it inherits.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own commands
            command,
            env={**os.environ, **variables},
            stdin=subprocess.PIPE if takes_input else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=keeps_open,
        )
    return Started(process, Session(name, process.pid, psutil.Process(process.pid).create_time()), log)


def members(session: Session) -> list[psutil.Process]:
    """The processes of a session that are alive, and their descendants in whatever session."""
    if psutil.pid_exists(session.pid):
        # The number belongs to somebody else by now if its process began at another time.
        leader = psutil.Process(session.pid)
        if leader.create_time() != session.began:
            return []
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == session.pid:
                found |= {one.pid: one for one in (process, *process.children(recursive=True))}
        except (ProcessLookupError, PermissionError, psutil.Error):
            continue
    return [process for process in found.values() if is_alive(process)]


def is_alive(process: psutil.Process) -> bool:
    """Whether a process hasn't ended; one that has, and that nobody has asked for its exit code, has."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def end(sessions: Sequence[Session], patience: float = 15.0) -> None:
    """End every process of these sessions, and see that none is left.

    Args:
        sessions: what to end; one that has ended already is fine.
        patience: seconds for them to end by themselves; then they are killed.

    Raises:
        VoxpopError: some are alive after all; names them.
    """
    left = _signal(sessions, lambda process: process.terminate(), patience)
    # A process may have forked while it was ending: look again, until a look finds none.
    left = left and _signal(sessions, lambda process: process.kill(), patience)
    if left:
        names = ", ".join(f"{process.pid} ({process.name()})" for process in left)
        raise VoxpopError(f"These processes did not end: {names}. End them by hand.")


def _signal(
    sessions: Sequence[Session], send: Callable[[psutil.Process], None], patience: float
) -> list[psutil.Process]:
    deadline = time.monotonic() + patience
    signalled: set[int] = set()
    while alive := [process for session in sessions for process in members(session)]:
        if time.monotonic() > deadline:
            return alive
        for process in alive:
            if process.pid not in signalled:
                signalled.add(process.pid)
                try:
                    send(process)
                except psutil.NoSuchProcess:
                    continue
        psutil.wait_procs(alive, timeout=_POLL_SECONDS)
    return []


def free_port(preferred: int = 0) -> int:
    """A loopback port that nobody listens on; the preferred one if it is free."""
    for wanted in (preferred, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise VoxpopError("No port of this machine's loopback interface is free.")
