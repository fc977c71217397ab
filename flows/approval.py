"""Asks a person, by a typed form on the page of the suspended run."""

from datetime import timedelta

from prefect.context import FlowRunContext
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from pydantic import Field

APPROVAL_TIME = timedelta(hours=4)


class PlanDecision(RunInput):
    """A person's decision on what the run shows."""

    approved: bool = Field(default=False, description="Apply exactly what is shown")
    by: str = Field(min_length=1, description="Who decides")
    note: str = Field(default="", description="Why")


def was_asked(key: str) -> bool:
    """Tell whether this run was suspended with that question before."""
    context = FlowRunContext.get()
    policy = context.flow_run.empirical_policy if context and context.flow_run else None
    return policy is not None and key in (policy.pause_keys or ())


def ask(description: str, key: str) -> PlanDecision:
    """Suspend the run until a person decides.

    The process ends meanwhile; the resumed run starts from the beginning and gets the answer here. ``key``
    names what the decision is for: asked under another key, the question is put anew.
    """
    question = PlanDecision.with_initial_data(description=description)
    return suspend_flow_run(wait_for_input=question, timeout=int(APPROVAL_TIME.total_seconds()), key=key)
