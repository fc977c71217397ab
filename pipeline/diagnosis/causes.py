"""Decision table: each fault with its meaning and remedy. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.diagnosis.model import Fault, Finding, wrong
from pipeline.ecs.model import Task
from pipeline.ecs.rollout import failure_reason

_NO_WAY = (
    r"timeout|timed out|deadline exceeded|context canceled|dial tcp|no such host|connection issue|unreachable"
)
_REFUSED = r"access ?denied|not authorized|forbidden|\b403\b|no basic auth"
_GONE = r"not found|manifest unknown|does not exist|no such image|not exist|repository does not"

_PULL = r"CannotPull|pull (image|container)|pulling|failed to pull|image"
_VOLUME = r"\bEFS\b|mount\.nfs|efs utils|volume"

_TABLE: tuple[tuple[str, Fault], ...] = (
    (r"exec format error|matching platform|does not match the .*platform", Fault.ARCHITECTURE),
    (r"OutOfMemory|OOM|exited with 137", Fault.OUT_OF_MEMORY),
    (r"ELB health checks.*(timed out|timeout)|(timed out|timeout).*ELB health checks", Fault.HEALTH_SILENT),
    (r"ELB health checks", Fault.HEALTH_STATUS),
    (r"container health checks|failed health checks|health check", Fault.CONTAINER_UNHEALTHY),
    (r"RESOURCE:|capacity is unavailable|unable to place|ENI ", Fault.CAPACITY),
    (rf"(?=.*(secret))(?=.*({_REFUSED}))", Fault.SECRET_REFUSED),
    (rf"(?=.*(secret|registry auth))(?=.*({_NO_WAY}))", Fault.NO_ROUTE),
    ("secret", Fault.SECRET_MISSING),
    (_VOLUME, Fault.VOLUME),
    (rf"(?=.*({_PULL}))(?=.*({_REFUSED}))", Fault.IMAGE_NOT_PULLED),
    (rf"(?=.*({_PULL}))(?=.*({_NO_WAY}))", Fault.NO_ROUTE),
    (rf"(?=.*({_PULL}))(?=.*({_GONE}))", Fault.IMAGE_MISSING),
    (r"CannotPull|failed to pull", Fault.IMAGE_NOT_PULLED),
    (r"exited with \d+|EssentialContainerExited|CannotStartContainer", Fault.APPLICATION_EXITS),
)


def fault_of(reason: str) -> Fault:
    """Return the first kind whose words are in the reason; STOPPED_OTHERWISE for an unknown one."""
    return next(
        (fault for words, fault in _TABLE if re.search(words, reason, re.IGNORECASE | re.DOTALL)),
        Fault.STOPPED_OTHERWISE,
    )


def why_stopped(task: Task, service: str) -> str | None:
    """Return why a task stopped; None where it was wanted, or a one-off task that ended with exit code 0."""
    codes = {container.exit_code for container in task.containers}
    if one_off(task, service) and codes == {0}:
        return None
    return failure_reason(task)


def one_off(task: Task, service: str) -> bool:
    """Whether a task is not the service's: a migration, a backup, a smoke test.

    ECS writes the deployment's id into ``startedBy`` of a service's task, the emulator the service's name.
    """
    return not (task.started_by.startswith("ecs-svc/") or task.started_by == service)


_FIREWALL = ("detect-drift", "deploy-infrastructure")


@dataclass(frozen=True)
class Advice:
    """Meaning of a fault, and the flows or the manual step that fix it."""

    means: str
    do: str
    flows: tuple[str, ...] = ()
    """Flows to run, in this order."""


@dataclass(frozen=True)
class Cause:
    """A likely cause with everything that speaks for it."""

    fault: Fault
    advice: Advice
    evidence: tuple[Finding, ...]
    past: bool
    """Whether all that speaks for it is over."""


ADVICE: dict[Fault, Advice] = {
    Fault.SERVICE_MISSING: Advice(
        "The ECS service is not there.",
        "Build the environment, then deploy.",
        ("deploy-infrastructure", "deploy-application"),
    ),
    Fault.NOTHING_RUNS: Advice(
        "No task is wanted, so none runs.",
        "Deploy: the first deployment sets the number of tasks.",
        ("deploy-application",),
    ),
    Fault.SECRET_MISSING: Advice(
        "A secret has no value, so new tasks cannot start.",
        "Fill in the environment's App Secrets block and sync it, then deploy.",
        ("sync-secrets", "deploy-application"),
    ),
    Fault.SECRET_REFUSED: Advice(
        "The execution role may not read a secret.",
        "See what was changed, then bring the role back.",
        _FIREWALL,
    ),
    Fault.IMAGE_MISSING: Advice(
        "The image is not in the registry, so new tasks cannot start.",
        "Deploy the commit again, which builds the image; or go back to a release whose image is there.",
        ("deploy-application", "rollback-application"),
    ),
    Fault.ENDPOINT_FIREWALL: Advice(
        "A VPC endpoint does not let the tasks in.",
        "See what was changed, then bring the rules back.",
        _FIREWALL,
    ),
    Fault.OUTBOUND_FIREWALL: Advice(
        "The tasks may not call out on 443: no image, no secret, no log gets through.",
        "See what was changed, then bring the rules back.",
        _FIREWALL,
    ),
    Fault.NO_ROUTE: Advice(
        "The tasks' subnets have no way to ECR, Secrets Manager or CloudWatch Logs.",
        "See what was changed at NAT gateway, routes or endpoints, then bring them back.",
        _FIREWALL,
    ),
    Fault.IMAGE_NOT_PULLED: Advice(
        "The image is there but could not be pulled.",
        "See whether the execution role may read the repository, then deploy again.",
        ("detect-drift", "deploy-application"),
    ),
    Fault.VOLUME_FIREWALL: Advice(
        "The file system does not let the tasks in on 2049.",
        "See what was changed, then bring the rules back.",
        _FIREWALL,
    ),
    Fault.VOLUME: Advice(
        "The volume cannot be mounted.",
        "See what was changed at mount targets, access point or task role, then bring it back.",
        _FIREWALL,
    ),
    Fault.ARCHITECTURE: Advice(
        "The image is made for another CPU architecture.",
        "Build on a worker of the environment's architecture, or change `cpu_architecture` in the tfvars.",
        ("deploy-application",),
    ),
    Fault.OUT_OF_MEMORY: Advice(
        "A task needs more memory than it has.",
        "Raise `task_memory` in the tfvars, build that, deploy. Go back first if a release began it.",
        ("deploy-infrastructure", "deploy-application"),
    ),
    Fault.VARIABLE_MISSING: Advice(
        "An environment variable or secret that Terraform sets is not in the live revision.",
        "Deploy: the next revision is made from Terraform's own.",
        ("deploy-infrastructure", "deploy-application"),
    ),
    Fault.APPLICATION_ERRORS: Advice(
        "The running tasks write errors.",
        "Read them; if they came with the newest release, go back, else correct what they name and deploy.",
        ("rollback-application", "deploy-application"),
    ),
    Fault.APPLICATION_EXITS: Advice(
        "The application ends by itself: its last log lines say where.",
        "Go back to the last good release, fix the application, deploy.",
        ("rollback-application", "deploy-application"),
    ),
    Fault.CAPACITY: Advice(
        "AWS has no room for a task: Fargate capacity, addresses of the subnets, or a quota of the account.",
        "Wait for ECS to try again; look at Service Quotas (Fargate vCPUs) and at free addresses.",
    ),
    Fault.TASK_FIREWALL: Advice(
        "The security groups do not let the load balancer reach the tasks.",
        "See what was changed, then bring the rules back.",
        _FIREWALL,
    ),
    Fault.HEALTH_SETTINGS: Advice(
        "The container health check of the live revision does not ask the health path.",
        "Bring Terraform's revision to date, then deploy.",
        ("deploy-infrastructure", "deploy-application"),
    ),
    Fault.TARGET_SETTINGS: Advice(
        "The target group asks another path or port than the application answers on.",
        "See what was changed, then bring the target group back.",
        _FIREWALL,
    ),
    Fault.CONTAINER_UNHEALTHY: Advice(
        "The container health check fails inside the task.",
        "Read the log below; where it is only slow to start, raise `start_period` in the tfvars.",
        ("rollback-application",),
    ),
    Fault.HEALTH_STATUS: Advice(
        "The application answers the health check, but not as healthy.",
        "Read the log below: the health path says what it lacks (database, migrations).",
        ("rollback-application",),
    ),
    Fault.HEALTH_SILENT: Advice(
        "The application does not answer the health check in time.",
        "Read the log and the metrics below: still starting, busy, or not listening on the port.",
        ("rollback-application",),
    ),
    Fault.PUBLIC_FIREWALL: Advice(
        "The load balancer lets no client in.", "See what was changed, then bring the rules back.", _FIREWALL
    ),
    Fault.DNS: Advice(
        "The domain does not lead to the load balancer.",
        "Delegate the domain to the zone's name servers (a Terraform output), or bring the record back.",
        ("deploy-infrastructure",),
    ),
    Fault.CERTIFICATE: Advice(
        "The certificate is not sound.", "Its findings name each next step.", ("check-certificate",)
    ),
    Fault.HTTP: Advice(
        "The health path does not answer through the load balancer.",
        "See the causes above; where there is none, the load balancer itself or the way to it.",
        ("verify-health", "detect-drift"),
    ),
    Fault.STOPPED_OTHERWISE: Advice(
        "Tasks stopped for a reason that is not in the list.",
        "The reason and the log below say more.",
        ("rollback-application",),
    ),
    Fault.SCALING_SUSPENDED: Advice(
        "Auto scaling is suspended.", "Ask who suspended it and why, then bring it back.", _FIREWALL
    ),
    Fault.SCALING_AT_LIMIT: Advice(
        "Auto scaling wants more tasks than it may start.",
        "Raise `max_capacity` (or the task's size) in the environment's tfvars.",
        ("deploy-infrastructure",),
    ),
    Fault.SCALING_INCOMPLETE: Advice(
        "Auto scaling's bounds or policies are not what Terraform sets.",
        "See what was changed, then bring it back.",
        _FIREWALL,
    ),
    Fault.SCALING_FAILED: Advice(
        "Auto scaling tried and failed.",
        "Its message below says why; a rollout under way is a usual reason.",
        ("verify-health",),
    ),
    Fault.ROLLOUT_FAILED: Advice(
        "The last rollout failed.",
        "Fix the causes above, then deploy again.",
        ("rollback-application", "deploy-application"),
    ),
    Fault.ROLLOUT_UNDER_WAY: Advice(
        "A rollout is under way, or its run was ended before it recorded the end.",
        "Wait for its run; where none runs, deploy again: it goes on where the rollout is.",
        ("deploy-application",),
    ),
    Fault.TASKS_MISSING: Advice(
        "Fewer tasks run than are wanted.", "See the causes above; ECS keeps trying.", ("verify-health",)
    ),
    Fault.NOT_THE_RECORDED: Advice(
        "Something runs that this pipeline did not record as good.",
        "See the history; then deploy what shall run, or go back.",
        ("history", "rollback-application"),
    ),
    Fault.ALARM: Advice(
        "An alarm rings.",
        "Look at its graph on the environment's dashboard, and at the causes above.",
        ("verify-health",),
    ),
}
"""By fault, in the order of the enum: roots before what follows from them."""

_ORDER = {fault: place for place, fault in enumerate(Fault)}


def likely_causes(findings: Iterable[Finding]) -> tuple[Cause, ...]:
    """Return the causes that the findings speak for: present before past ones, roots before symptoms."""
    found: dict[Fault, list[Finding]] = {}
    for item in wrong(findings):
        if item.fault is not None:
            found.setdefault(item.fault, []).append(item)
    causes = [
        Cause(fault, ADVICE[fault], tuple(items), past=all(item.past for item in items))
        for fault, items in found.items()
    ]
    return tuple(sorted(causes, key=lambda cause: (cause.past, _ORDER[cause.fault])))
