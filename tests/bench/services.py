"""Looking at many services with the watcher's own questions."""

import time
from collections.abc import Iterable

from bench.figures import Curve, Report, growth_goal
from bench.workshop import Workshop

from pipeline.aws.access import AwsAccess
from pipeline.ecs.service import EcsService

_TIMES = 15
_WHY = (
    "A look takes two calls whatever else there is, so more services mean as many more calls; a call itself "
    "gets slower on the emulator the more services and their answers it keeps. On AWS "
    "its own limits on calls would come first."
)


def services(shop: Workshop) -> Report:
    """Ask after every one of more and more services, and after one among them."""
    every, one = [], []
    for count in shop.sizes.service_curve:
        cluster = _cluster(shop.aws, count)
        every.append((float(count), _look(shop.aws, cluster, range(count))))
        one.append((float(count), _look(shop.aws, cluster, [0])))
    curves = (
        Curve("a look at every service", "services", "s", tuple(every)),
        Curve("a look at one among them", "services", "s", tuple(one)),
    )
    return Report(
        name="services",
        title="Many services",
        curves=curves,
        goals=tuple(growth_goal(curve, _WHY) for curve in curves),
        remarks=("A look is DescribeServices and ListTasks; the services want no tasks here.",),
    )


def _cluster(access: AwsAccess, count: int) -> str:
    """Make a cluster of so many services and return its name."""
    ecs, name = access.client("ecs"), f"services-{count}"
    ecs.create_cluster(clusterName=name)
    container = {"name": "app", "image": "none", "essential": True, "memory": 64}
    ecs.register_task_definition(family=name, containerDefinitions=[container])
    for number in range(count):
        ecs.create_service(cluster=name, serviceName=f"service-{number}", taskDefinition=name, desiredCount=0)
    return name


def _look(access: AwsAccess, cluster: str, numbers: Iterable[int]) -> float:
    """Return the least seconds of a few rounds: what disturbs only adds."""
    watched = [EcsService(access, cluster, f"service-{number}") for number in numbers]
    rounds = []
    for _ in range(_TIMES):
        began = time.monotonic()
        for service in watched:
            service.require()
            service.tasks()
        rounds.append(time.monotonic() - began)
    return min(rounds)
