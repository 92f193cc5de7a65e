"""Programs that this one starts and answers for: each in a session of its own, ended with its children."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

import psutil

_PR_SET_PDEATHSIG = 1  # Linux, prctl(2)
_POLL_SECONDS = 0.05


class ProcessGroup:
    """A running program and everything that it starts.

    ``dies_with_us``: on Linux the system ends it (SIGTERM) should this process be killed.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        dies_with_us: bool = False,
    ) -> None:
        self.name = name
        self.started_at = time.monotonic()
        prepare = _end_with_parent if dies_with_us and sys.platform == "linux" else None
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env=None if environment is None else {**os.environ, **environment},
            preexec_fn=prepare,  # noqa: PLW1509 - who asks for dies_with_us has no threads
        )

    @property
    def exit_code(self) -> int | None:
        """None while the program itself runs; minus a signal's number when that ended it."""
        return self._process.poll()

    @property
    def is_gone(self) -> bool:
        """Whether neither it nor anything of its group is left."""
        if self._process.poll() is None:
            return False
        try:
            os.killpg(self._process.pid, 0)
        except (ProcessLookupError, PermissionError):
            return True
        # Dead children whose parent has not collected them still answer to the line above.
        return not any(_lives_in(process, self._process.pid) for process in psutil.process_iter())

    def signal(self, number: int) -> None:
        """Send a signal to the whole group."""
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):
            return


def end_all(groups: Sequence[ProcessGroup], *, patience: float) -> None:
    """Ask the groups to end, wait ``patience`` seconds for all of them, kill what is left."""
    for group in groups:
        group.signal(signal.SIGTERM)
    if not _gone_within(groups, patience):
        for group in groups:
            group.signal(signal.SIGKILL)
        _gone_within(groups, 1.0)


def _gone_within(groups: Sequence[ProcessGroup], seconds: float) -> bool:
    give_up_at = time.monotonic() + seconds
    while not all(group.is_gone for group in groups):
        if time.monotonic() > give_up_at:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _lives_in(process: psutil.Process, group: int) -> bool:
    try:
        return os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, PermissionError, psutil.Error):
        return False


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
