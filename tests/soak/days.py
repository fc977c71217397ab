"""Plays the days: the nightly chores, pushes good and bad, ways back, kills."""

import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from soak.moved import MovedClock
from support.application import HARMLESS
from support.house import House
from support.killing import process_of

NIGHT = ("backup-sqlite", "backup-state", "archive-logs", "cleanup-ecr")
MORNING = ("retain-logs", "check-backups", "verify-health")
"""They change next to nothing, and are left out on two days of three."""
_GOOD, _BAD = "Completed", ("Failed", "Crashed")
_FAULTS = ("health-500", "visitors-500", "migrate")
_PUSHES, _BAD_ONES, _KILLED_ONES, _MIGRATING = 0.35, 0.2, 0.1, 0.3
"""Shares: days with a push; pushes of broken releases, with a killed run; others with a migration."""
_NOW_AND_THEN = ((MORNING, 3, 0), (("detect-drift",), 10, 5), (("drill-restore",), 7, 6))
"""Flows, the days between two of their runs, and on which of them."""
_BACK, _APPLY, _KILLED_BACKUP = 30, 15, 50
"""Days between two ways back, changes of the infrastructure, kills of a backup."""
_PATIENCE = 600


class Days:
    """One history of days on one stack."""

    def __init__(self, house: House, clock: MovedClock, seed: int) -> None:
        self.house, self.clock = house, clock
        self.random = random.Random(seed)  # noqa: S311 - draws of a game
        self.began = datetime.now(UTC).replace(hour=22, minute=30) + timedelta(days=1)
        self.runs: Counter[str] = Counter()
        """Runs by flow and end."""
        self.surprises: list[str] = []

    def play(self, number: int) -> None:
        """Play one day, from its night on."""
        self.clock.move_to(self.began + timedelta(days=number))
        if number % _KILLED_BACKUP == _KILLED_BACKUP - 1:
            self._killed("backup-sqlite")
        self._all(NIGHT)
        self._hours(number, 6)
        for flows, days, day in _NOW_AND_THEN:
            if number % days == day:
                self._all(flows)
        if number % _APPLY == 8:
            self._hours(number, 10)
            self.house.blocks.set_variable("SOAK_NOTE", str(number))
            self._all(("deploy-infrastructure",))
        if number % _BACK == 17:
            self._hours(number, 13)
            self._end("rollback-application", self.house.start("rollback-application"), (_GOOD, *_BAD))
        elif self.random.random() < _PUSHES:
            self._hours(number, 13)
            self._push()

    def _hours(self, number: int, hours: int) -> None:
        self.clock.move_to(self.began + timedelta(days=number, hours=hours))

    def _all(self, flows: tuple[str, ...]) -> None:
        """Let runs of these flows begin at once, and see each to its good end."""
        runs = {flow: self.house.start(flow) for flow in flows}
        for flow, run in runs.items():
            self._end(flow, run, (_GOOD,))

    def _push(self) -> None:
        draw = self.random.random()
        if draw < _BAD_ONES:
            fault = self.random.choice(_FAULTS)
            self.house.application.change(fault=fault, migration=HARMLESS if fault == "migrate" else "")
            self._end("deploy-application", self.house.start("deploy-application"), _BAD)
            return
        self.house.application.change(migration=HARMLESS if self.random.random() < _MIGRATING else "")
        if draw < _BAD_ONES + _KILLED_ONES:
            self._killed("deploy-application")
        self._end("deploy-application", self.house.start("deploy-application"), (_GOOD,))

    def _killed(self, flow: str) -> None:
        """Start a run and kill its process with SIGKILL, somewhere on its way."""
        run = self.house.start(flow)
        process = process_of(str(self.house.stack.settings.state), run)
        time.sleep(self.random.uniform(0.5, 12))
        process.kill()
        self._end(f"{flow}, killed", run, (_GOOD, *_BAD))

    def _end(self, flow: str, run: UUID, expected: tuple[str, ...]) -> None:
        ended: Any = self.house.end(run, _PATIENCE)
        self.runs[f"{flow}: {ended.state_name}"] += 1
        if ended.state_name not in expected:
            said = str(ended.state.message)[:300]
            self.surprises.append(f"{datetime.now(UTC):%Y-%m-%d}: {flow} {ended.state_name}: {said}")
