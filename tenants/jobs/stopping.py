"""Ending a worker between two steps of its job instead of in the middle of one.

django-q2 leaves SIGTERM in its workers to the system, which ends them on the spot. While a job runs, the
signal is only noted; the job's next call of its context hands it back.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_requested = False


def requested() -> bool:
    """Whether this process was asked to end."""
    return _requested


@contextmanager
def noted() -> Iterator[None]:
    """Inside, SIGTERM is noted and does not end the process."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may change what a signal does
        return
    before = signal.signal(signal.SIGTERM, _note)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _note(number: int, frame: FrameType | None) -> None:
    global _requested  # noqa: PLW0603 - a process is asked to end once, whatever it does
    _requested = True
