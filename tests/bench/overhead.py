"""What a run costs besides Terraform, Docker and AWS, and how often it asks AWS."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.figures import Report, Series, at_most
from bench.spans import Span, covered
from bench.workshop import Workshop
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun
from support.fault_proxy import Request
from support.house import House

_WAITING = frozenset(
    {
        *("build_release", "push_release", "survey_release", "back_up_databases", "run_management_command"),
        *("smoke_test_release", "watch_rollout", "verify_release", "check_running_release"),
        *("terraform_init", "terraform_plan", "terraform_show", "terraform_apply"),
    }
)
"""Steps that wait for Docker, Terraform, or tasks and targets of ECS from beginning to end."""
_FLOWS = {
    "deploy-application, a new release": ("deploy-application", True),
    "deploy-application, nothing to change": ("deploy-application", False),
    "deploy-infrastructure, nothing to change": ("deploy-infrastructure", False),
    "verify-health": ("verify-health", False),
}


_WHY = (
    "Python reads what botocore knows of nine services, and the preflight asks a score of questions at once; "
    "Prefect's own steps, states, logs and artifacts are the rest."
)


@dataclass
class Calls:
    """The requests to AWS that passed."""

    spans: list[Span] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def told(self, request: Request, began: float, ended: float) -> None:
        """Note a request."""
        self.spans.append((began, ended))
        self.counts[request.service or "unsigned"] += 1


def overhead(shop: Workshop) -> Report:
    """Run flows with a proxy between them and AWS that notes each request."""
    own, asked, start, remarks = [], [], [], []
    for title, (flow, changes) in _FLOWS.items():
        shop.say(title)
        times = 1 if flow == "deploy-infrastructure" else min(shop.sizes.times, 2)  # it takes twenty seconds
        found = [_measured(shop.house, flow, changes) for _ in range(times)]
        own.append(Series(f"own time: {title}", "s", tuple(one for one, _, _ in found)))
        asked.append(
            Series(f"requests: {title}", "", tuple(float(calls.counts.total()) for _, calls, _ in found))
        )
        start += [late for _, _, late in found]
        counts = ", ".join(f"{name} {count}" for name, count in found[-1][1].counts.most_common())
        remarks.append(f"Requests of {title}: {counts}.")
    late = Series("from due to RUNNING: worker and process", "s", tuple(start))
    worst = max(own, key=lambda series: series.median)
    return Report(
        name="overhead",
        title="What a run costs itself",
        groups=tuple((one,) for one in (*own, late, *asked)),
        goals=(
            at_most(
                f"overhead under 3 s a run (worst: {worst.name.removeprefix('own time: ')})",
                worst.median,
                3,
                "s",
                _WHY,
            ),
        ),
        remarks=(
            f"Own time: the run's without its requests to AWS and the steps {', '.join(sorted(_WAITING))}.",
            *remarks,
        ),
    )


def _measured(house: House, flow: str, changes: bool) -> tuple[float, Calls, float]:
    """Return the run's own seconds, its calls, and the seconds it began too late."""
    if changes:
        house.application.change()
    with counted(house) as calls:
        run = house.complete(flow)
    assert run.start_time is not None
    assert run.end_time is not None
    within = (run.start_time.timestamp(), run.end_time.timestamp())
    busy = [*calls.spans, *_steps(house, run)]
    late = within[0] - run.expected_start_time.timestamp() if run.expected_start_time else 0.0
    return within[1] - within[0] - covered(busy, within), calls, late


def _steps(house: House, run: FlowRun) -> Iterator[Span]:
    """Yield the spans of the steps that wait for others."""
    chosen = FlowRunFilter(id=FlowRunFilterId(any_=[run.id]))
    for step in house.prefect.read_task_runs(flow_run_filter=chosen):
        if step.name.rpartition("-")[0] in _WAITING and step.start_time and step.end_time:
            yield step.start_time.timestamp(), step.end_time.timestamp()


@contextmanager
def counted(house: House) -> Iterator[Calls]:
    """Let the flows ask AWS through a proxy until the end of the block."""
    calls = Calls()
    with house.through_proxy(lambda _: None, calls.told):
        yield calls
