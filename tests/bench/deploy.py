"""A new release, by the pipeline and by what people use instead; how soon each knows that it is healthy."""

import itertools
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.figures import Report, Series, at_most, ratio
from bench.observer import observed
from bench.workshop import Workshop, run
from prefect.client.schemas.objects import FlowRun
from support.house import House

from pipeline.delivery.model import GateSettings

SCRIPT = Path(__file__).with_name("deploy.sh")
_numbers = itertools.count()
_ASKING = "from asking to RUNNING"


@dataclass(frozen=True)
class Deployed:
    """One release. Seconds; negative where a tool said so before it was true."""

    seconds: float
    """From asking to the answer."""
    known: float
    """From healthy to knowing it."""
    rollout: float = 0.0
    """From moving the service to the verdict; the pipeline's only."""
    steps: Mapping[str, float] = field(default_factory=dict)
    """Seconds of the pipeline's steps."""


WHY_LATE = "The record of the release is written first; where the rest goes was not looked into."
WHY_NOT_FASTER = (
    "The pipeline has a preflight, a smoke-test task and 5 s of soak that the script has not. The script's "
    "time is mostly the 15 s between two looks of its waiter."
)
WHY_NOT_BARE = (
    "Also bare it has a preflight, looks into the image, keeps its bill of materials, goes through the gates "
    "and writes a record; ecs-deploy does none of these."
)
WHY_LATE_START = (
    "Prefect's engine makes seven requests and its worker four before a flow is RUNNING, each some "
    "hundredths of a second."
)
_REMARKS = (
    "Every release has one changed file; all caches are warm. The ways take turns.",
    "The time is that of who waits, for the pipeline with the worker's pick-up and its process's start.",
    "Healthy: ECS calls the rollout completed and every target is healthy, looked at five times a second.",
    f"The pipeline's {GateSettings().soak:.0f} s of soak are taken off its knowing: it knows by then.",
)
Way = Callable[[Workshop], Deployed]


def deploy(shop: Workshop) -> Report:
    """Take turns, so that whatever disturbs the machine disturbs all."""
    ways: dict[str, Way] = {
        "pipeline": by_pipeline,
        "script": _by_script,
        "ecs-deploy": _by_ecs_deploy,
        "pipeline, bare": _by_bare_pipeline,
    }
    found: dict[str, list[Deployed]] = {name: [] for name in ways}
    _by_script(shop)  # warms its caches, and ecs-deploy's; the stack's own set-up warmed the pipeline's
    for _ in range(shop.sizes.times):
        for name, way in ways.items():
            shop.say(f"a release by {name}")
            found[name].append(way(shop))
    return _report(found)


def _report(found: dict[str, list[Deployed]]) -> Report:
    titles = {
        "pipeline": "deploy-application: preflight, build, push, migrations, smoke test, rollout, verify",
        "script": "script: docker build, docker push, aws ecs, wait services-stable, curl",
        "ecs-deploy": "script: docker build, docker push, ecs-deploy, curl",
        "pipeline, bare": "deploy-application without migrations, smoke test and soak, as the scripts",
    }
    whole = {
        name: Series(titles[name], "s", tuple(one.seconds for one in runs)) for name, runs in found.items()
    }
    known = {
        name: Series(f"from healthy to knowing: {name}", "s", tuple(one.known for one in runs))
        for name, runs in found.items()
    }
    rollout = Series(
        "the pipeline's rollout: service moved, watched, verified", "s", _rollouts(found["pipeline"])
    )
    share = ratio(whole["pipeline"], whole["script"])
    bare = ratio(whole["pipeline, bare"], whole["ecs-deploy"])
    late = statistics.median(one.steps[_ASKING] for one in found["pipeline"] + found["pipeline, bare"])
    return Report(
        name="deploy",
        title="A new release",
        groups=(tuple(whole.values()), tuple(known.values()), (rollout,)),
        goals=(
            at_most("warm deploy at most 0.6 x the shell script's time", share, 0.6, "x", WHY_NOT_FASTER),
            at_most("bare at most 1.2 x ecs-deploy's time", bare, 1.2, "x", WHY_NOT_BARE),
            at_most("RUNNING within 1.2 s of asking", late, 1.2, "s", WHY_LATE_START),
            at_most("healthy release known within 2 s", known["pipeline"].median, 2, "s", WHY_LATE),
        ),
        remarks=(*_REMARKS, _steps(found["pipeline"])),
    )


def _rollouts(runs: list[Deployed]) -> tuple[float, ...]:
    return tuple(one.rollout for one in runs)


def _steps(runs: list[Deployed]) -> str:
    """Tell where the pipeline's time goes."""
    medians = {name: statistics.median(one.steps[name] for one in runs) for name in runs[0].steps}
    told = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in medians.items())
    return f"The pipeline's steps: {told}."


def _by_bare_pipeline(shop: Workshop) -> Deployed:
    blocks = shop.house.blocks
    before = blocks.settings()
    blocks.change_settings(smoke_test=False, soak=0)
    try:
        return by_pipeline(shop, migrate=False, soak=0)
    finally:
        blocks.change_settings(smoke_test=before["smoke_test"], soak=before["soak"])


def by_pipeline(shop: Workshop, *, migrate: bool = True, soak: float = GateSettings().soak) -> Deployed:
    """Deploy by a run of deploy-application, which soaks for so many seconds."""
    house = shop.house
    house.application.change()
    with observed(house) as observer:
        asked = time.time()
        run_id = house.start("deploy-application", migrate=migrate)
        ended = house.end(run_id)
    if ended.state_name != "Completed" or ended.end_time is None:
        raise RuntimeError(f"deploy-application ended as {ended.state_name}: {house.log(run_id)[-5:]}")
    record = house.newest()
    decided = record.ended_at.timestamp()
    return Deployed(
        seconds=ended.end_time.timestamp() - asked,
        known=decided - soak - observer.healthy[record.task_definition],
        rollout=decided - record.started_at.timestamp(),
        steps={_ASKING: _late(ended, asked), **record.durations},
    )


def _late(run: FlowRun, asked: float) -> float:
    return run.start_time.timestamp() - asked if run.start_time else 0.0


def _by_script(shop: Workshop) -> Deployed:
    return _by_tool(shop, "aws", shop.tools.aws)


def _by_ecs_deploy(shop: Workshop) -> Deployed:
    return _by_tool(shop, "ecs-deploy", shop.tools.ecs_deploy)


def _by_tool(shop: Workshop, tool: str, command: Path) -> Deployed:
    house = shop.house
    house.application.change()
    with observed(house) as observer:
        began = time.time()
        run(["sh", SCRIPT], _variables(shop, house) | {"TOOL": tool, "COMMAND": str(command)})
        ended = time.time()
    return Deployed(ended - began, ended - observer.healthy[house.service().task_definition])


def _variables(shop: Workshop, house: House) -> dict[str, str]:
    outputs, settings = house.outputs, house.stack.settings
    registry = f"localhost:{settings.aws_port}"
    return {
        **house.access.process_environment(),
        "SOURCE": str(house.application.folder),
        "BASE_IMAGE": house.stack.variables["BASE_IMAGE"],
        "IMAGE": f"{registry}/{outputs.repository_name}:bench-{next(_numbers)}-{int(time.time())}",
        "FAMILY": outputs.task_family,
        "CONTAINER": outputs.container,
        "CLUSTER": outputs.cluster,
        "SERVICE": outputs.service,
        "URL": f"http://{registry}/health/",
        "HOST": outputs.load_balancer_dns,
        "WORK": str(shop.room()),
        "PYTHON": sys.executable,
    }
