"""One region with one environment in it."""

from dataclasses import dataclass, replace
from typing import Any

import region_prefect
import region_runs
import region_wire
from region_account import Alarms, Identity, Logs, Registry, Secrets
from region_application import Application, Behaviour
from region_balancing import Balancer, Scaling
from region_clock import Clock
from region_database import Volume
from region_ecs import CLUSTER, SERVICE, RegionEcs
from region_jobs import Containers
from region_pace import Pace
from region_runs import Run, Runs
from region_service import Service
from region_site import (
    ACCESS,
    DATABASE,
    OTHER_ALARMS,
    REGION,
    REPOSITORY,
    ROLLBACK_ALARMS,
    outputs,
    placeholder,
)
from region_stand_ins import prepare
from region_storage import Storage
from region_tasks import Tasks
from support.live import live_environment
from support.secret_keys import SECRET_KEYS

from pipeline.environment.application import DataSettings
from pipeline.live import LiveEnvironment


@dataclass
class World:
    """The region with all its parts."""

    clock: Clock
    ecs: RegionEcs
    balancer: Balancer
    scaling: Scaling
    alarms: Alarms
    storage: Storage
    registry: Registry
    logs: Logs
    secrets: Secrets
    identity: Identity
    volume: Volume
    application: Application
    wire: region_wire.Wire
    runs: Runs
    live: LiveEnvironment
    block: dict[str, str]
    """Secret values that the operator wants."""

    @property
    def service(self) -> Service:
        """The service."""
        return self.ecs.service

    def push(self, number: int, behaviour: Behaviour) -> str:
        """Push the image of release ``r<number>``; return its tag."""
        tag, digest = f"r{number}", f"sha256:{number:064x}"
        self.application.releases[digest] = (tag, behaviour)
        self.registry.push(tag, digest, findings=behaviour.findings)
        return tag

    def release_of(self, definition: str) -> str:
        """Return the release that a task definition runs."""
        image = self.ecs.containers(definition)[0]["image"]
        found = self.application.releases.get(image.partition("@")[2])
        return found[0] if found else ""

    @property
    def runs_now(self) -> str:
        """Release that PRIMARY is on."""
        return self.release_of(self.service.primary.definition)

    def run(self, flow: Any, /, **parameters: Any) -> Run:
        """Start a flow and let time pass until it has ended or waits for a person."""
        run = self.runs.start(flow, environment="staging", **parameters)
        self.clock.run(until=lambda: run.over)
        return run

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.run(seconds)


def make_world(seed: int = 0, pace: Pace | None = None, desired: int = 2, **settings: Any) -> World:
    """Build a region in which Terraform has just been applied: a service without a release."""
    prepare()
    region_prefect.seed(seed)
    clock = Clock(seed)
    storage, logs, alarms = Storage(clock, "backups", "archive"), Logs(clock), Alarms(clock)
    application, volume = Application(), Volume(clock, DATABASE)
    containers = Containers(clock, application, volume, storage)
    containers.wrote = lambda task, line: logs.write(f"ecs/app/{task}", line)
    ecs = _ecs(Tasks(clock, pace or Pace(), containers, logs), application, alarms)
    ecs.service.settings.alarms = ROLLBACK_ALARMS if settings.pop("alarms_roll_back", False) else ()
    definition = placeholder(ecs)
    ecs.service.deploy(definition)
    volume.serving = lambda: [
        task for task in ecs.tasks.alive(ecs.service.group) if task.container_status == "RUNNING"
    ]
    live = _live(outputs({"desired_count": desired, "minimum_tasks": desired}, definition), settings)
    world = World(
        clock=clock,
        ecs=ecs,
        balancer=Balancer(ecs.service, application),
        scaling=Scaling(ecs.service, f"service/{CLUSTER}/{SERVICE}", minimum=0),
        alarms=alarms,
        storage=storage,
        registry=Registry(clock, application),
        logs=logs,
        secrets=Secrets(clock, live.outputs.secret_arn),
        identity=Identity(clock),
        volume=volume,
        application=application,
        wire=None,  # type: ignore[arg-type]
        runs=Runs(clock),
        live=live,
        block=dict.fromkeys(SECRET_KEYS, "made up"),
    )
    _connect(world)
    clock.run(120)
    return world


def _live(built: Any, settings: dict[str, Any]) -> LiveEnvironment:
    values = {"registry": REPOSITORY.rpartition("/")[0], "region": REGION, "soak": 5.0, **settings}
    values["data"] = DataSettings(path="/data", databases=[DATABASE])
    return replace(live_environment(ACCESS, built, **values), built=built)


def _ecs(tasks: Tasks, application: Application, alarms: Alarms) -> RegionEcs:
    ecs = RegionEcs(clock=tasks.clock, tasks=tasks, application=application)

    def start(definition: str, started_by: str) -> Any:
        return ecs.start(definition, started_by, f"service:{SERVICE}")

    ecs.service = Service(tasks.clock, tasks.pace, tasks, SERVICE, start, alarms.red)
    return ecs


def _connect(world: World) -> None:
    services: dict[str, object] = {
        "ecs": world.ecs,
        "elbv2": world.balancer,
        "application-autoscaling": world.scaling,
        "cloudwatch": world.alarms,
        "s3": world.storage,
        "ecr": world.registry,
        "logs": world.logs,
        "secretsmanager": world.secrets,
        "sts": world.identity,
    }
    world.wire = region_wire.Wire(world.clock, services, region_wire.Faults(world.clock))
    region_wire.connect(world.wire)
    region_runs.serve(world.runs)
    for name in (*ROLLBACK_ALARMS, *OTHER_ALARMS):
        world.alarms.bring(name, "OK")
    start = world.runs._go

    def go(run: Run) -> None:
        run.world = world  # type: ignore[attr-defined]
        start(run)

    world.runs._go = go  # type: ignore[method-assign]
