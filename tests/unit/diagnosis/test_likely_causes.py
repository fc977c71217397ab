"""Which cause each fault of the guide's troubleshooting chapter leads to."""

from dataclasses import replace
from typing import Any

import pytest
from diagnosis_samples import (
    BALANCER,
    ENDPOINT,
    HEALTHY,
    MOVING,
    NETWORK,
    NOW,
    SCALING,
    SECURITY,
    TARGETS,
    TASKS,
    UNDER_WAY,
    VOLUME,
    WELL,
    definition,
    group,
    record,
    service,
    stopped,
    task,
    tcp,
)

from pipeline.certificate.model import CertificateFinding, CertificateVerdict, Level
from pipeline.delivery.model import Alarm, TaskEvidence
from pipeline.diagnosis.causes import ADVICE
from pipeline.diagnosis.diagnosis import diagnose
from pipeline.diagnosis.facts import (
    Activity,
    Balancing,
    Definitions,
    FileSystem,
    LiveImage,
    Network,
    Releases,
    ResolvedNames,
    Route,
    Tasks,
    Usage,
)
from pipeline.diagnosis.model import Fault
from pipeline.health.model import ProbeReport, Reply
from pipeline.secrets.change import KeyReport


def _stops(reason: str, exit_code: int | None = None, **changed: Any) -> dict[str, Any]:
    return {"service": MOVING, "tasks": Tasks((), (stopped(reason, exit_code, **changed),), ())}


ELSEWHERE = FileSystem("fs-1", (("af-south-1b", "available"),))
ERRING = TaskEvidence("task-1", "RUNNING", {"app": ("ValueError: no such row",)})


def _target(reason: str) -> dict[str, Any]:
    unhealthy = replace(HEALTHY, state="unhealthy", reason=reason)
    return {"balancing": Balancing((TARGETS,), (unhealthy,))}


def _route(gateway: str, state: str = "active", gateway_state: str = "") -> dict[str, Any]:
    return {
        "network": replace(NETWORK, routes=(Route("subnet-1", "af-south-1a", gateway, state, gateway_state),))
    }


CASES: list[tuple[str, dict[str, Any], Fault]] = [
    ("service gone", {"service": None}, Fault.SERVICE_MISSING),
    ("scaled to zero", {"service": replace(service(desired=0, running=0), desired=0)}, Fault.NOTHING_RUNS),
    ("key without value", {"secrets": KeyReport((), ("DJANGO_SECRET",), ())}, Fault.SECRET_MISSING),
    (
        "secret refused",
        _stops("unable to pull secrets: AccessDeniedException: not authorized"),
        Fault.SECRET_REFUSED,
    ),
    ("secret gone", _stops("unable to pull secrets: did not contain json key"), Fault.SECRET_MISSING),
    ("image gone", {"image": LiveImage("host/pay@sha256:1", False)}, Fault.IMAGE_MISSING),
    ("image not found", _stops("CannotPullContainerError: manifest unknown"), Fault.IMAGE_MISSING),
    ("image refused", _stops("CannotPullContainerError: 403 Forbidden"), Fault.IMAGE_NOT_PULLED),
    ("no way to ECR", _stops("CannotPullContainerError: dial tcp: i/o timeout"), Fault.NO_ROUTE),
    ("no default route", _route(""), Fault.NO_ROUTE),
    ("blackhole", _route("nat-1", "blackhole"), Fault.NO_ROUTE),
    ("NAT gateway deleted", _route("nat-1", gateway_state="deleted"), Fault.NO_ROUTE),
    ("internet gateway without addresses", _route("igw-1"), Fault.NO_ROUTE),
    ("architecture", _stops("exec /app: exec format error", 1), Fault.ARCHITECTURE),
    ("memory", _stops("OutOfMemoryError: Container killed due to memory usage", 137), Fault.OUT_OF_MEMORY),
    ("killed", _stops("Essential container in task exited", 137), Fault.OUT_OF_MEMORY),
    ("crash", _stops("Essential container in task exited", 3), Fault.APPLICATION_EXITS),
    (
        "failed migration",
        _stops("Essential container in task exited", 1, started_by="migrate-1"),
        Fault.APPLICATION_EXITS,
    ),
    ("volume", _stops("ResourceInitializationError: failed to invoke EFS utils"), Fault.VOLUME),
    ("no mount target in the zone", {"network": replace(NETWORK, file_systems=(ELSEWHERE,))}, Fault.VOLUME),
    ("running tasks err", {"tasks": Tasks((task(),), (), (ERRING,))}, Fault.APPLICATION_ERRORS),
    ("capacity", _stops("RESOURCE:ENI"), Fault.CAPACITY),
    (
        "capacity told",
        {"service": service("(service s) was unable to place a task", running=1)},
        Fault.CAPACITY,
    ),
    ("unknown", _stops("something new"), Fault.STOPPED_OTHERWISE),
    (
        "variable missing",
        {"definitions": Definitions(definition(environment=[]), definition())},
        Fault.VARIABLE_MISSING,
    ),
    ("secret not read", {"definitions": Definitions(definition(secrets=[]), None)}, Fault.VARIABLE_MISSING),
    (
        "no health check",
        {"definitions": Definitions(definition(healthCheck=None), None)},
        Fault.HEALTH_SETTINGS,
    ),
    (
        "another path asked",
        {"definitions": Definitions(definition(healthCheck={"command": ["curl /"]}), None)},
        Fault.HEALTH_SETTINGS,
    ),
    ("unhealthy container", {"tasks": Tasks((task(health="UNHEALTHY"),), (), ())}, Fault.CONTAINER_UNHEALTHY),
    (
        "stopped by the container's check",
        _stops("Task failed container health checks", stop_code="ServiceSchedulerInitiated"),
        Fault.CONTAINER_UNHEALTHY,
    ),
    (
        "stopped by the load balancer's check",
        _stops("Task failed ELB health checks in (target-group x)", stop_code="ServiceSchedulerInitiated"),
        Fault.HEALTH_STATUS,
    ),
    ("bad status", _target("Target.ResponseCodeMismatch"), Fault.HEALTH_STATUS),
    ("no answer", _target("Target.Timeout"), Fault.HEALTH_SILENT),
    (
        "target group's path",
        {"balancing": Balancing((replace(TARGETS, path="/"),), (HEALTHY,))},
        Fault.TARGET_SETTINGS,
    ),
    (
        "target group's port",
        {"balancing": Balancing((replace(TARGETS, port=80),), (HEALTHY,))},
        Fault.TARGET_SETTINGS,
    ),
    ("no target", {"balancing": Balancing((TARGETS,), ())}, Fault.TASKS_MISSING),
    (
        "health path fails",
        {"probes": (ProbeReport("url", False, (Reply(0.1, 503, fault="HTTP 503"),)),)},
        Fault.HTTP,
    ),
    (
        "task lets no balancer in",
        {"security": replace(SECURITY, tasks=(replace(TASKS, inbound=()),))},
        Fault.TASK_FIREWALL,
    ),
    (
        "another port opened",
        {"security": replace(SECURITY, tasks=(replace(TASKS, inbound=(tcp(80, "sg-lb"),)),))},
        Fault.TASK_FIREWALL,
    ),
    (
        "balancer may not call out",
        {"security": replace(SECURITY, balancer=(replace(BALANCER, outbound=()),))},
        Fault.TASK_FIREWALL,
    ),
    (
        "balancer lets nobody in",
        {"security": replace(SECURITY, balancer=(replace(BALANCER, inbound=()),))},
        Fault.PUBLIC_FIREWALL,
    ),
    (
        "tasks may not call out",
        {"security": replace(SECURITY, tasks=(replace(TASKS, outbound=()),), destinations=())},
        Fault.OUTBOUND_FIREWALL,
    ),
    (
        "endpoint closed",
        {"security": replace(SECURITY, destinations=(replace(ENDPOINT, groups=(group("endpoints"),)),))},
        Fault.ENDPOINT_FIREWALL,
    ),
    (
        "file system closed",
        {"security": replace(SECURITY, destinations=(replace(VOLUME, groups=(group("efs"),)),))},
        Fault.VOLUME_FIREWALL,
    ),
    ("name gone", {"names": ResolvedNames((), ("192.0.2.1",))}, Fault.DNS),
    ("name elsewhere", {"names": ResolvedNames(("198.51.100.1",), ("192.0.2.1",))}, Fault.DNS),
    (
        "certificate",
        {"certificate": CertificateVerdict((CertificateFinding("expiry", Level.FAIL, "1 days left"),), 1)},
        Fault.CERTIFICATE,
    ),
    ("alarm", {"alarms": (Alarm("errors", "ALARM", NOW, "threshold crossed"),)}, Fault.ALARM),
    (
        "scaling off",
        {"scaling": replace(SCALING, suspended=("DynamicScalingOutSuspended",))},
        Fault.SCALING_SUSPENDED,
    ),
    (
        "scaling at its limit",
        {"scaling": replace(SCALING, bounds=(1, 2)), "usage": {"CPUUtilization": Usage(90, 99, 95)}},
        Fault.SCALING_AT_LIMIT,
    ),
    ("outside of bounds", {"scaling": replace(SCALING, bounds=(3, 6))}, Fault.SCALING_INCOMPLETE),
    ("policy gone", {"scaling": replace(SCALING, policies=SCALING.policies[:1])}, Fault.SCALING_INCOMPLETE),
    (
        "scaling failed",
        {"scaling": replace(SCALING, activities=(Activity(NOW, "Setting", "Failed", "why"),))},
        Fault.SCALING_FAILED,
    ),
    ("rollout failed", {"service": service(rollout_state="FAILED")}, Fault.ROLLOUT_FAILED),
    ("rollout under way", {"service": service(rollout_state="IN_PROGRESS")}, Fault.ROLLOUT_UNDER_WAY),
    ("tasks missing", {"service": service(running=1)}, Fault.TASKS_MISSING),
    (
        "something else runs",
        {"releases": Releases((record("r6", "arn/pay:6"),), None)},
        Fault.NOT_THE_RECORDED,
    ),
    ("run killed", {"releases": Releases((record(),), UNDER_WAY)}, Fault.ROLLOUT_UNDER_WAY),
]


@pytest.mark.parametrize(
    ("broken", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_first_cause(broken: dict[str, Any], expected: Fault) -> None:
    """What is broken comes first, before everything that follows from it."""
    found = diagnose(replace(WELL, **broken))
    assert found.causes[0].fault is expected, [(item.fault, item.evidence) for item in found.causes]
    assert not found.causes[0].past


def test_every_fault_is_told_by_a_case() -> None:
    """No row of the decision table is untested, and no fault lacks its advice."""
    assert {case[2] for case in CASES} == set(Fault) == set(ADVICE)


def test_a_well_service_has_no_cause() -> None:
    """Nothing is made up where nothing is wrong."""
    found = diagnose(WELL)
    assert (found.causes, found.steady, found.headline) == ((), True, "Nothing wrong was found.")


def test_what_is_over_stands_behind_what_is_not() -> None:
    """The crash of a release that was rolled back is told, after the alarm that rings now."""
    crash = Tasks((task(),), (stopped("Essential container in task exited", 3),), ())
    found = diagnose(replace(WELL, tasks=crash, alarms=(Alarm("errors", "ALARM", NOW, "now"),)))
    assert [(item.fault, item.past) for item in found.causes] == [
        (Fault.ALARM, False),
        (Fault.APPLICATION_EXITS, True),
    ]


def test_a_crash_is_not_over_while_no_target_is_registered() -> None:
    """Between two crashes the service counts its tasks as running for a moment."""
    crash = Tasks((task(),), (stopped("Essential container in task exited", 3),), ())
    found = diagnose(replace(WELL, tasks=crash, balancing=Balancing((TARGETS,), ())))
    assert (found.causes[0].fault, found.causes[0].past) == (Fault.APPLICATION_EXITS, False)


def test_the_last_error_of_a_crash_is_told() -> None:
    """The exception says more than the line that begins its traceback."""
    lines = ("Traceback (most recent call last):", "  File 'x'", "KeyError: 'DATABASE_URL'")
    crash = stopped("Essential container in task exited", 3)
    told = Tasks((), (crash,), (TaskEvidence(crash.id, "exited", {"app": lines}),))
    found = diagnose(replace(WELL, service=MOVING, tasks=told)).causes[0]
    assert [item.reason for item in found.evidence if item.topic == "logs"] == ["KeyError: 'DATABASE_URL'"]


def test_work_that_was_done_is_no_failure() -> None:
    """A migration that ended with exit code 0 is not a task that stopped for a fault."""
    done = stopped("Essential container in task exited", 0, started_by="migrate-1")
    assert diagnose(replace(WELL, tasks=Tasks((task(),), (done,), ()))).causes == ()


def test_a_service_task_that_ends_well_is_a_failure() -> None:
    """A web server that ends with exit code 0 has left the service all the same."""
    ended = Tasks((), (stopped("Essential container in task exited", 0),), ())
    assert diagnose(replace(WELL, service=MOVING, tasks=ended)).causes[0].fault is Fault.APPLICATION_EXITS


def test_endpoints_replace_a_way_out() -> None:
    """A subnet without a default route is well where every endpoint that a start needs is available."""
    names = ("ecr.api", "ecr.dkr", "s3", "logs", "secretsmanager")
    route = Route("subnet-1", "af-south-1a", "", "active", "")
    closed = Network((route,), tuple((name, "available") for name in names), False, ())
    lacking = replace(closed, endpoints=closed.endpoints[1:])
    assert diagnose(replace(WELL, network=closed)).causes == ()
    assert "ecr.api" in diagnose(replace(WELL, network=lacking)).headline


def test_the_headline_says_what_is_over() -> None:
    """Nobody fixes what fixed itself."""
    crash = Tasks((task(),), (stopped("Essential container in task exited", 3),), ())
    assert diagnose(replace(WELL, tasks=crash)).headline.startswith("Over by now: ")
