"""Keeps a cluster of workers alive: starts it, sweeps, and starts it anew when it died or got stuck."""

import logging
import signal
import time
from collections.abc import Sequence
from types import FrameType

from django.db import DatabaseError, connection

from tenants.jobs import sweeper
from tenants.jobs.watch import Watch
from tenants.processes import ProcessGroup, end_all

logger = logging.getLogger(__name__)

TICK = 0.2  # seconds
SWEEP_EVERY = 15.0  # seconds
WATCH_EVERY = 5.0  # seconds
WARM_UP = 30.0  # seconds in which a new cluster is not suspected
END_PATIENCE = 2.0  # seconds for running jobs to reach the end of a step
RESTART_PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0)  # seconds, after deaths in a row
HEALTHY_AFTER = 60.0  # seconds


class Supervisor:
    """``run()`` returns when the process was asked to end, and leaves nothing running."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._asked_to_end = False
        self._deaths = 0
        self._watch = Watch()
        self._next_sweep = self._next_watch = 0.0

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._note)
        cluster = self._start()
        try:
            while not self._asked_to_end:
                cluster = self._looked_after(cluster)
                time.sleep(TICK)
        finally:
            end_all([cluster], patience=END_PATIENCE)
            connection.close()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._asked_to_end = True

    def _start(self) -> ProcessGroup:
        self._watch = Watch()
        return ProcessGroup("cluster", self._command)

    def _looked_after(self, cluster: ProcessGroup) -> ProcessGroup:
        """One round; returns the cluster, which may be a new one."""
        if cluster.exit_code is not None:
            logger.error("The workers ended (%s); starting them anew", cluster.exit_code)
            return self._anew(cluster)
        now = time.monotonic()
        try:
            if now >= self._next_sweep:
                self._next_sweep = now + SWEEP_EVERY
                kicked = sweeper.sweep()
                if kicked:
                    logger.info("Kicked %s overdue jobs", kicked)
            if now >= self._next_watch and now - cluster.started_at > WARM_UP:
                self._next_watch = now + WATCH_EVERY
                if self._watch.is_stuck():
                    logger.error("Work waits and no worker takes it; starting the workers anew")
                    return self._anew(cluster)
        except DatabaseError as error:
            logger.warning("The queue cannot be looked after: %s", type(error).__name__)
            connection.close()
        return cluster

    def _anew(self, cluster: ProcessGroup) -> ProcessGroup:
        end_all([cluster], patience=END_PATIENCE)
        if time.monotonic() - cluster.started_at > HEALTHY_AFTER:
            self._deaths = 0
        pause = RESTART_PAUSES[min(self._deaths, len(RESTART_PAUSES) - 1)]
        self._deaths += 1
        again_at = time.monotonic() + pause
        while time.monotonic() < again_at and not self._asked_to_end:
            time.sleep(TICK)
        return cluster if self._asked_to_end else self._start()
