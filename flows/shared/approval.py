"""Asks a person, by a typed form on the page of the suspended run."""

from datetime import timedelta
from typing import TypeVar

from prefect.context import FlowRunContext
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from prefect.runtime import deployment, flow_run
from pydantic import Field

APPROVAL_TIME = timedelta(hours=4)


class PlanDecision(RunInput):
    """A person's decision on what the run shows."""

    approved: bool = Field(default=False, description="Apply exactly what is shown")
    by: str = Field(min_length=1, description="Who decides")
    note: str = Field(default="", description="Why")


class RollbackDecision(RunInput):
    """A person's decision on going back although the database stays ahead."""

    approved: bool = Field(default=False, description="Go back to that release; the database stays as it is")
    by: str = Field(min_length=1, description="Who decides")
    note: str = Field(default="", description="Why")


Decision = TypeVar("Decision", bound=RunInput)


def prompted_keys() -> frozenset[str]:
    """Return the keys of the questions with which this run was suspended before."""
    context = FlowRunContext.get()
    policy = context.flow_run.empirical_policy if context and context.flow_run else None
    return frozenset(policy.pause_keys or ()) if policy else frozenset()


def was_prompted(key: str) -> bool:
    """Tell whether this run was suspended with that question before."""
    return key in prompted_keys()


def can_prompt() -> bool:
    """Whether this run can be suspended: one of a deployment, and not part of another run."""
    return deployment.id is not None and flow_run.parent_flow_run_id is None


def ask(description: str, key: str) -> PlanDecision:
    """Ask about what the run shows, as ``prompt`` does."""
    return prompt(PlanDecision, description, key)


def prompt(form: type[Decision], description: str, key: str) -> Decision:
    """Suspend the run until a person fills in the form.

    The process ends meanwhile; the resumed run starts from the beginning and gets the answer here. ``key``
    names what the decision is for: asked under another key, the question is put again.
    """
    question = form.with_initial_data(description=description)
    return suspend_flow_run(wait_for_input=question, timeout=int(APPROVAL_TIME.total_seconds()), key=key)
