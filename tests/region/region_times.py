"""Times a release in the region beside the plain way, failures' first words, and a restore's downtime.

``python tests/region/region_times.py [--seeds N]`` prints them as JSON, in virtual seconds.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parent), str(_HERE.parent.parent)]

import region_clock  # noqa: E402, F401 - before the pipeline
from region_application import GOOD, Behaviour  # noqa: E402
from region_ecs import CLUSTER, SERVICE  # noqa: E402
from region_moments import Moments  # noqa: E402
from region_pace import TERRAFORM  # noqa: E402
from region_runs import Run  # noqa: E402
from region_site import ACCESS, REPOSITORY  # noqa: E402
from region_world import World, make_world  # noqa: E402

MORE = replace(GOOD, migrations=(*GOOD.migrations, "pay.0003_step"))
STABLE, STOPPED = "services-stable answers", "run-task migrate, wait tasks-stopped"
Spans = dict[str, tuple[float, float]]


def settled(seed: int, **settings: Any) -> World:
    """Return a region that has had its first release for a while."""
    from flows.deploy_application import deploy_application

    world = make_world(seed, TERRAFORM, **settings)
    assert world.run(deploy_application, image=world.push(1, GOOD)).state == "COMPLETED"
    world.wait(600)
    return world


def release(seed: int, behaviour: Behaviour, *, alarms: bool) -> Spans:
    """Deploy the second release with the pipeline, from the moment in which its image is pushed."""
    from flows.deploy_application import deploy_application

    world = settled(seed, alarms_roll_back=alarms)
    moments, tag = Moments(world), world.push(2, behaviour)
    with moments.steps():
        run = world.run(deploy_application, image=tag)
    assert run.state == "COMPLETED", run.message
    moments.happens("end")
    return moments.spans


def plain(seed: int, behaviour: Behaviour, *, alarms: bool) -> Spans:
    """Deploy it as a script does: register, migrate, update the service, wait."""
    world = settled(seed, alarms_roll_back=alarms)
    world.ecs.tasks.pace = replace(TERRAFORM, service_lag=(0, 0))  # else a script's wait may end at once
    moments, tag = Moments(world), world.push(2, behaviour)
    process = world.clock.start(lambda: _script(world, moments, tag, migrates=behaviour is not GOOD))
    world.clock.run(until=lambda: process.ended)
    if process.error:
        raise process.error
    return moments.spans


def _script(world: World, moments: Moments, tag: str, *, migrates: bool) -> None:
    ecs = ACCESS.client("ecs")
    digest = world.registry._find({"imageTag": tag}).digest  # type: ignore[union-attr]
    family = ecs.describe_task_definition(taskDefinition="app")["taskDefinition"]
    (container,) = family["containerDefinitions"]
    made = ecs.register_task_definition(
        family="app",
        networkMode="awsvpc",
        cpu=family["cpu"],
        memory=family["memory"],
        containerDefinitions=[{**container, "image": f"{REPOSITORY}@{digest}"}],
    )["taskDefinition"]["taskDefinitionArn"]
    if migrates:
        began = moments.now
        override = {"name": container["name"], "command": ["python", "manage.py", "migrate"]}
        task = ecs.run_task(
            cluster=CLUSTER,
            taskDefinition=made,
            startedBy="script",
            overrides={"containerOverrides": [override]},
        )["tasks"][0]["taskArn"]
        ecs.get_waiter("tasks_stopped").wait(cluster=CLUSTER, tasks=[task])
        moments.spans[STOPPED] = (began, moments.now)
    ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=made)
    ecs.get_waiter("services_stable").wait(cluster=CLUSTER, services=[SERVICE])
    moments.happens(STABLE)
    _until_completed(ecs, moments)


def _until_completed(ecs: Any, moments: Moments) -> None:
    """Go on looking as the waiter does, until ECS calls the deployment completed."""
    import time

    while True:
        found = ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]
        if found["deployments"][0]["rolloutState"] == "COMPLETED":
            moments.happens("end")
            return
        time.sleep(15)


def _first_word(run: Run, since: float) -> tuple[float, str]:
    """Return when a run first says, after that moment, that something is wrong; its end says so, too."""
    for line in run.lines:
        at, level, text = line.lstrip().split(" ", 2)
        if float(at) >= since and level in "WE":
            return float(at), text
    assert run.ended is not None
    return run.ended, run.message


def word(seed: int, behaviour: Behaviour, evidence: str, **settings: Any) -> dict[str, Any]:
    """Deploy a bad release; return the seconds from the evidence to the first word and to the run's end."""
    from flows.deploy_application import deploy_application

    world = settled(seed, **settings)
    moments = Moments(world)
    run = world.run(deploy_application, image=world.push(2, behaviour))
    assert run.state == "FAILED", run.message
    shown = moments.zero + moments.spans[evidence][0]
    at, text = _first_word(run, shown - 0.05)
    assert run.ended is not None
    return {"word": at - shown, "end": run.ended - shown, "text": text.partition("\n")[0]}


CRASHES = replace(GOOD, crashes_after=2)
WORDS: dict[str, Callable[[int], dict[str, Any]]] = {
    "crashes at start, in its smoke test": lambda seed: word(seed, CRASHES, "smoke ended"),
    "never healthy, in its smoke test": lambda seed: word(seed, replace(GOOD, healthy=False), "unhealthy"),
    "its migration fails": lambda seed: word(seed, replace(MORE, migrate_fails_at=0), "migrate ended"),
    "crashes at start, in the service": lambda seed: word(seed, CRASHES, "ecs ended", smoke_test=False),
    "unhealthy after a minute, in the service": lambda seed: word(
        seed, replace(GOOD, unhealthy_after=60), "unhealthy"
    ),
}
"""What shows that a release is bad, and the deployment of one."""


def downtime(seed: int) -> float:
    """Restore in place; return the seconds in which no visitor was served."""
    from flows.backup_sqlite import backup_sqlite
    from flows.restore_sqlite import restore_sqlite

    world = settled(seed)
    world.run(backup_sqlite)
    world.volume.change(writes=1)
    unserved = 0.0

    def look() -> None:
        nonlocal unserved
        unserved += 0 if world.balancer.served() else 0.25
        world.clock.at(0.25, look)

    look()
    run = world.run(restore_sqlite, in_place=True, confirm="staging")
    assert run.state == "COMPLETED", run.message
    return unserved


CASES = {
    "no migrations": (GOOD, False),
    "migrations": (MORE, False),
    "no migrations, alarms": (GOOD, True),
    "migrations, alarms": (MORE, True),
}


def measure(seeds: range) -> dict[str, Any]:
    """Return everything, each as often as there are seeds."""
    releases = {
        name: {
            "pipeline": [release(seed, behaviour, alarms=alarms) for seed in seeds],
            "plain": [plain(seed, behaviour, alarms=alarms) for seed in seeds],
        }
        for name, (behaviour, alarms) in CASES.items()
    }
    words = {name: [fails(seed) for seed in seeds] for name, fails in WORDS.items()}
    return {"releases": releases, "words": words, "downtime": [downtime(seed) for seed in seeds]}


def main() -> None:
    """Print the figures."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seeds", type=int, default=20)
    sys.stdout.write(json.dumps(measure(range(1, asked.parse_args().seeds + 1))))


if __name__ == "__main__":
    main()
