"""The promises of the pipeline, checked while a history goes on and when it is over."""

import json
from dataclasses import dataclass, field

from region_runs import Run
from region_service import Deployment
from region_world import ROLLBACK_ALARMS, World

_UNDECIDED = ("TIMED_OUT", "UNKNOWN", "SUPERSEDED")
_TOGETHER = 20
"""Most runs that are at work at once."""
_SETTLING = 60.0
"""Seconds for which a condition must have held before a check that misses it is wrong."""
_MOVING = ("deploy-application", "rollback-application")
"""Flows that finish what a killed one has begun."""


@dataclass
class Watch:
    """Looks at a world, and keeps every broken promise."""

    world: World
    broken: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    """Definitions whose deploy was refused before the switch."""
    was_red: dict[str, float] = field(default_factory=dict)
    """When each alarm that ECS or the pipeline acts on was last red."""
    down_since: float | None = None
    served_since: float = 0.0
    troubled: float = -1e9
    """When AWS was last away, full or slow."""

    def __post_init__(self) -> None:
        """Hear of what happens."""
        self.world.runs.ended = self._run_ended
        self._look()

    def say(self, text: str) -> None:
        """Keep a broken promise."""
        self.broken.append(f"{self.world.clock.seconds:.0f} s: {text}")

    def _look(self) -> None:
        """Look every five seconds while a run is at work, else once a minute."""
        self._note()
        at_work = any(not run.over for run in self.world.runs.all[-_TOGETHER:])
        self.timer = self.world.clock.at(5 if at_work else 60, self._look)

    def _note(self) -> None:
        """Note whether visitors are served, and which alarms are red."""
        world, now = self.world, self.world.clock.seconds
        if world.balancer.served():
            if self.down_since is not None:
                self.served_since = now
            self.down_since = None
        elif self.down_since is None:
            self.down_since = now
        for name in world.alarms.red() & set(ROLLBACK_ALARMS):
            self.was_red[name] = now
        faults = world.wire.faults
        if faults.out() or faults.throttled > 0.2 or world.ecs.capacity is not None:
            self.troubled = now

    def excused(self, since: float) -> bool:
        """Whether a good release had a reason to fail since then."""
        return self.troubled >= since or any(at >= since for at in self.was_red.values())

    def _run_ended(self, run: Run) -> None:
        self._note()
        if run.state in ("COMPLETED", "FAILED"):
            judge = getattr(self, f"_{run.flow.replace('-', '_')}", None)
            if judge is not None:
                judge(run)
        error = run.process.error if run.process else None
        if error is not None and not isinstance(error, SystemExit):
            self.say(f"{run.flow} ended in {error!r}")

    def _right(self, run: Run, release: str) -> None:
        """What is told as running must run, whole and serving."""
        world = self.world
        if world.runs_now != release:
            self.say(f"{run.id} {run.flow}: said that {release} runs, and it is {world.runs_now}")
        elif not world.balancer.served():
            self.say(f"{run.id} {run.flow}: said that {release} runs, and visitors are not served")

    def _deploy_application(self, run: Run) -> None:
        world, release = self.world, run.parameters["image"]
        behaviour = next(item for name, item in world.application.releases.values() if name == release)
        if run.state == "COMPLETED":
            self._right(run, release)
            lacking = world.ecs.tasks.containers.pending(behaviour)
            if lacking and run.parameters.get("migrate", True):
                self.say(f"{run.id}: said that {release} runs, and {lacking} never ran")
            return
        moved = [item for item in self._moves(run) if world.release_of(item.definition) == release]
        undecided = any(word in run.message for word in _UNDECIDED)
        if moved and behaviour.good and not undecided and not self.excused(run.began):
            self.say(f"{run.id}: the good release {release} was taken back: {run.message.splitlines()[0]}")
        asked = "irreversible" in run.message or run.prompted
        helpless = "did not help" in run.message or "No automatic rollback" in run.message
        if (
            moved
            and not behaviour.good
            and world.runs_now == release
            and not (undecided or asked or helpless)
        ):
            self.say(f"{run.id}: the bad release {release} was left in place: {run.message.splitlines()[0]}")

    def _moves(self, run: Run) -> list[Deployment]:
        """Return the deployments that began while a run was at work."""
        return [item for item in self.world.service.history if item.created >= run.began]

    def _rollback_application(self, run: Run) -> None:
        if run.state == "COMPLETED" and not self.world.balancer.served():
            self.say(f"{run.id}: said that it went back, and visitors are not served")

    def _sync_secrets(self, run: Run) -> None:
        written = self.world.secrets.written
        tasks = self.world.ecs.tasks.alive(self.world.service.group)
        old = [task.id for task in tasks if task.wanted and written and task.created < written]
        if run.state == "COMPLETED" and old:
            self.say(f"{run.id}: said that the values are in use, and {len(old)} tasks have older ones")

    def _verify_health(self, run: Run) -> None:
        now = self.world.clock.seconds
        down = self.down_since is not None and now - self.down_since > _SETTLING
        down = down and any(item["outcome"] == "SUCCEEDED" for item in self._records())
        if run.state == "COMPLETED" and down:
            self.say(f"{run.id}: verify-health says well, and nobody is served since {self.down_since:.0f} s")
        served = self.down_since is None and now - self.served_since > _SETTLING
        troubled = now - self.troubled < 300 or any(now - at < 300 for at in self.was_red.values())
        if run.state == "FAILED" and served and not troubled and "AWS" not in run.message:
            self.say(f"{run.id}: verify-health cries wolf: {run.message.splitlines()[0]}")

    def conclude(self) -> None:
        """Check what must be so once nothing moves any more."""
        world = self.world
        self.broken += world.volume.violations
        now = world.clock.seconds
        for task in world.ecs.tasks.alive():
            if not task.group.startswith("service:"):
                self.say(f"task {task.started_by} was left behind and runs for ever")
        held = sorted(name for name in world.runs.leases if world.runs.is_held(name))
        if held:
            self.say(f"leases are held: {held}")
        if any(world.scaling.suspended.values()):
            self.say("auto scaling is still suspended")
        if world.storage.get("backups", "sqlite-jobs/staging/in-place.json"):
            self.say("a restore in place is still open")
        # A run that fails before its own rollout leaves the note of a killed one to the next.
        moved = [run.state for run in world.runs.all if run.flow in _MOVING]
        noted = world.storage.get("backups", "releases/staging/open-attempt.json")
        if noted and moved[-1:] == ["COMPLETED"]:
            self.say("a rollout is still noted as open")
        held = bool(noted) and json.loads(noted or b"{}").get("holds_rollback")
        if not world.service.settings.breaker_rolls_back and not held:
            self.say("ECS's own rollback is off, and no note says so")
        missing = [
            item
            for item in self._records()
            if item["outcome"] in ("SUCCEEDED", "NO_CHANGE")
            and item["image_digest"] not in world.registry.images
        ]
        for item in missing[:1]:
            self.say(f"the image of the good release {item['release']} was deleted")
        self._judge_records(now)

    def _records(self) -> list[dict[str, str]]:
        storage = self.world.storage
        keys = storage.keys("backups", "releases/staging/records/")
        return [json.loads(storage.get("backups", key) or b"{}") for key in keys]

    def _judge_records(self, now: float) -> None:
        """One true record for each rollout."""
        world = self.world
        by_id: dict[str, list[str]] = {}
        for item in self._records():
            by_id.setdefault(item["deployment_id"], []).append(item["outcome"])
        for deployment in world.service.history:
            told = by_id.get(deployment.id, [])
            if len(set(told)) > 1 and set(told) != {"SUCCEEDED", "NO_CHANGE"}:
                self.say(f"{deployment.id} is recorded as {told}")
            if "SUCCEEDED" in told and deployment.state == "FAILED":
                self.say(f"{deployment.id} failed, and is recorded as SUCCEEDED")
            if "ROLLED_BACK" in told and not deployment.rolled_back_to:
                self.say(f"{deployment.id} is recorded as ROLLED_BACK, and ECS did not roll it back")
