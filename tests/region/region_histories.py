"""Random histories of what happens to a pipeline, each reproducible by its seed."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from region_application import FIRST, GOOD, KINDS, Behaviour
from region_pace import Pace
from region_promises import Watch
from region_runs import Run
from region_world import OTHER_ALARMS, ROLLBACK_ALARMS, World, make_world


@dataclass
class History:
    """One history, and what it is made of."""

    seed: int
    steps: list[str] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Draw the conditions under which it happens."""
        self.random = draw = random.Random(self.seed)  # noqa: S311 - reproducible, not secret
        self.number = 0
        self.migrations = FIRST
        self.world: World = make_world(
            self.seed,
            Pace(bake=draw.choice((60, 120))),
            desired=draw.choice((1, 2, 2, 3)),
            alarms_roll_back=draw.random() < 0.5,
            reaches_tasks=draw.random() < 0.3,
        )
        self.watch = Watch(self.world)
        faults = self.world.wire.faults
        if draw.random() < 0.4:
            faults.throttled, faults.broken, faults.lost = 0.02, 0.01, 0.01
        self.world.logs.window = draw.choice((None, 4920.0, 600.0))
        self.kills = 0

    def play(self) -> list[str]:
        """Let it happen; return the broken promises."""
        draw = self.random
        self._deploy(GOOD, "good")
        for _ in range(draw.randint(1, 4)):
            step = draw.choices(list(_STEPS), [weight for weight, _ in _STEPS.values()])[0]
            _STEPS[step][1](self)
        self._settle()
        self.watch.conclude()
        return self.watch.broken

    def run(self, name: str, /, **parameters: object) -> Run:
        """Start a flow, perhaps kill it, and see what becomes of it."""
        from flows.backup_sqlite import backup_sqlite
        from flows.cleanup_ecr import cleanup_ecr
        from flows.deploy_application import deploy_application
        from flows.drill_restore import drill_restore
        from flows.restore_sqlite import restore_sqlite
        from flows.rollback_application import rollback_application
        from flows.sync_secrets import sync_secrets
        from flows.verify_health import verify_health

        flow = {
            "deploy": deploy_application,
            "rollback": rollback_application,
            "backup": backup_sqlite,
            "drill": drill_restore,
            "restore": restore_sqlite,
            "cleanup": cleanup_ecr,
            "sync": sync_secrets,
            "verify": verify_health,
        }[name]
        run = self.world.runs.start(flow, environment="staging", **parameters)
        self.runs.append(run)
        said = ", ".join(f"{key}={value}" for key, value in parameters.items())
        self.steps.append(f"{self.world.clock.seconds:.0f} s: {name} {said}")
        return run

    def end(self, run: Run) -> Run:
        """Wait for a run's end; a question is answered after a while."""
        world = self.world
        world.clock.run(until=lambda: run.over)
        while run.state == "PAUSED":
            world.wait(self.random.choice((60, 600)))
            approved = self.random.random() < 0.6
            self.steps.append(
                f"{world.clock.seconds:.0f} s: {run.id} is {'approved' if approved else 'refused'}"
            )
            world.runs.resume(run, approved=approved)
            world.clock.run(until=lambda: run.over)
        first = run.message.partition("\n")[0]
        self.steps.append(f"{world.clock.seconds:.0f} s: {run.id} {run.state} {first}")
        return run

    def killed(self, run: Run) -> Run:
        """Kill a run somewhere, before or after one of its requests."""
        at = int(self.random.expovariate(1 / 60)) + 1
        if self.random.random() < 0.5:
            run.dies_before = at
        else:
            run.dies_after = at
        return self.end(run)

    def _push(self, behaviour: Behaviour, kind: str) -> str:
        self.number += 1
        draw = self.random
        if kind != "wrong image" and draw.random() < 0.35:
            label = f"pay.{len(self.migrations) + 1:04}_step"
            self.migrations = (*self.migrations, label)
            hard = frozenset({label}) if draw.random() < 0.4 else frozenset()
            behaviour = replace(behaviour, irreversible=hard)
            if draw.random() < 0.15:
                behaviour = replace(behaviour, migrate_fails_at=0)
            behaviour = replace(behaviour, migrate_seconds=draw.choice((5, 40, 240)))
        behaviour = replace(behaviour, migrations=self.migrations)
        tag = self.world.push(self.number, behaviour)
        self.steps.append(
            f"{self.world.clock.seconds:.0f} s: push {tag}: {kind}, {len(self.migrations)} migrations"
        )
        return tag

    def _deploy(self, behaviour: Behaviour | None = None, kind: str = "") -> Run:
        draw = self.random
        if behaviour is None:
            kind = draw.choices(list(KINDS), [weight for weight, _ in KINDS.values()])[0]
            behaviour = KINDS[kind][1]
        return self.end(self.run("deploy", image=self._push(behaviour, kind)))

    def _deploy_killed(self) -> None:
        kind = self.random.choices(list(KINDS), [weight for weight, _ in KINDS.values()])[0]
        tag = self._push(KINDS[kind][1], kind)
        run = self.killed(self.run("deploy", image=tag))
        self._after_kill(run, lambda: self.run("deploy", image=tag))

    def _after_kill(self, run: Run, again: Callable[[], Run]) -> None:
        """Go on as people do: the same again, another thing, or nothing for a while."""
        if run.state != "KILLED":
            return
        self.kills += 1
        draw = self.random
        self.world.wait(draw.choice((1, 20, 90, 400)))
        what = draw.choices(("same", "other", "nothing", "twice"), (6, 3, 1, 2))[0]
        if what == "same":
            self.end(again())
        elif what == "twice":
            second = self.killed(again())
            if second.state == "KILLED":
                self.kills += 1
                self.end(again())
        elif what == "other":
            _STEPS[draw.choice(("deploy", "rollback", "restore", "backup", "verify"))][1](self)

    def _rollback(self) -> None:
        self.end(self.run("rollback"))

    def _rollback_killed(self) -> None:
        before = self.world.runs_now
        way = self._way(before)
        run = self.killed(self.run("rollback"))
        if run.state != "KILLED":
            return
        self.kills += 1
        self.world.wait(self.random.choice((1, 20, 90, 400)))
        again = self.end(self.run("rollback"))
        now = self.world.runs_now
        if again.state == "COMPLETED" and way and now != way:
            self.watch.say(
                f"{again.id}: a rollback from {before}, repeated after a kill, ended on {now}, not {way}"
            )

    def _way(self, release: str) -> str:
        """Return where a rollback from a release has to end; "" where only the pipeline can tell."""
        good = [
            item["release"]
            for item in self.watch._records()
            if item["outcome"] in ("SUCCEEDED", "NO_CHANGE") and item["kind"] == "deploy"
        ]
        if len(set(good)) < 2 or good[-1] != release or len(good) != len(set(good)):
            return ""
        kinds = {item["kind"] for item in self.watch._records()}
        return good[-2] if kinds == {"deploy"} else ""

    def _together(self) -> None:
        """Two people at once."""
        one = self.run("deploy", image=self._push(GOOD, "good"))
        self.world.wait(self.random.uniform(0, 120))
        other = self.random.choice(("deploy", "rollback", "backup", "restore"))
        parameters: dict[str, object] = {}
        if other == "deploy":
            parameters = {"image": self._push(GOOD, "good")}
        elif other == "restore":
            parameters = {"in_place": True, "confirm": "staging"}
        second = self.run(other, **parameters)
        self.end(one)
        self.end(second)

    def _backup(self) -> None:
        run = self.run("backup")
        if self.random.random() < 0.4:
            run = self.killed(run)
            self._after_kill(run, lambda: self.run("backup"))
        else:
            self.end(run)

    def _restore(self) -> None:
        run = self.run("restore", in_place=True, confirm="staging")
        if self.random.random() < 0.5:
            run = self.killed(run)
            self._after_kill(run, lambda: self.run("restore", in_place=True, confirm="staging"))
        else:
            self.end(run)

    def _restart(self) -> None:
        """Other secret values, and the tasks started again with them."""
        self.world.block["DJANGO_SECRET"] = f"value {len(self.steps)}"
        run = self.run("sync", restart=True)
        if self.random.random() < 0.5:
            self._after_kill(self.killed(run), lambda: self.run("sync", restart=True))
        else:
            self.end(run)

    def _verify(self) -> None:
        self.end(self.run("verify"))

    def _verify_during(self) -> None:
        """The schedule's verify-health, while somebody deploys."""
        run = self.run("deploy", image=self._push(GOOD, "good"))
        self.world.wait(self.random.uniform(60, 360))
        verify = self.run("verify")
        self.end(verify)
        self.end(run)

    def _cleanup(self) -> None:
        self.world.wait(3 * 86400)
        self.end(self.run("cleanup", keep_newest=1, keep_days=1))

    def _drill(self) -> None:
        self.end(self.run("drill"))

    def _scale_out(self) -> None:
        """A busy hour: one task more, in the middle of a deployment or on its own."""
        run = self.run("deploy", image=self._push(GOOD, "good")) if self.random.random() < 0.7 else None
        self.world.wait(self.random.uniform(0, 420) if run else 0)
        if self.world.scaling.scale_out():
            self.steps.append(f"{self.world.clock.seconds:.0f} s: one task more is wanted")
        if run:
            self.end(run)
        if self.random.random() < 0.5:
            self.world.wait(self.random.uniform(0, 90))
            self.end(self.run("verify"))

    def _alarm(self) -> None:
        """An alarm goes off while a release rolls out."""
        name = self.random.choice((*ROLLBACK_ALARMS, *OTHER_ALARMS, *OTHER_ALARMS))
        run = self.run("deploy", image=self._push(GOOD, "good"))
        self.world.wait(self.random.uniform(100, 400))
        self.world.alarms.bring(name, "ALARM", "Threshold Crossed")
        self.steps.append(f"{self.world.clock.seconds:.0f} s: {name} is in ALARM")
        self.end(run)
        self.world.alarms.bring(name, "OK")

    def _outage(self) -> None:
        """Nothing of AWS answers for a while."""
        run = self.run("deploy", image=self._push(GOOD, "good"))
        begin = self.world.clock.seconds + self.random.uniform(0, 300)
        self.world.wire.faults.outages.append((begin, begin + self.random.choice((20, 120))))
        self.steps.append(f"{begin:.0f} s: an outage begins")
        self.end(run)

    def _settle(self) -> None:
        """Come to rest: what is open is carried on, a good release deployed, and time passes."""
        world = self.world
        world.wire.faults.outages.clear()
        world.wait(300)
        if world.storage.get("backups", "sqlite-jobs/staging/in-place.json"):
            self.end(self.run("restore", in_place=True, confirm="staging"))
        self._deploy(GOOD, "good")
        self.end(self.run("verify"))
        world.wait(3600)
        self.end(self.run("backup"))
        world.wait(1800)


_STEPS: dict[str, tuple[int, Callable[[History], object]]] = {
    "deploy": (6, History._deploy),
    "deploy, killed": (6, History._deploy_killed),
    "rollback": (3, History._rollback),
    "rollback, killed": (3, History._rollback_killed),
    "together": (2, History._together),
    "backup": (2, History._backup),
    "restore": (2, History._restore),
    "restart": (2, History._restart),
    "verify": (1, History._verify),
    "verify during a deploy": (2, History._verify_during),
    "cleanup": (1, History._cleanup),
    "drill": (1, History._drill),
    "scale out": (2, History._scale_out),
    "alarm": (2, History._alarm),
    "outage": (1, History._outage),
}
