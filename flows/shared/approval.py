"""Asks a person, by a typed form on the page of the suspended run."""

from datetime import datetime, timedelta
from typing import Literal, TypeVar

from prefect.context import FlowRunContext
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from prefect.runtime import deployment, flow_run
from pydantic import ConfigDict, Field, SecretStr, create_model

from pipeline.approvers import WRONG_CODES, ApprovalRule, name_proven
from pipeline.clock import utc_now
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from tasks.approvers import approval_rule, check_code
from tasks.lease import one_answer_at_a_time
from tasks.support import emit

APPROVAL_TIME = timedelta(hours=4)


class DecisionForm(RunInput):
    """A person's decision on what the run shows. It has no default: nobody decides by accident."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)  # an answer may hold a code

    decision: Literal["approve", "refuse"] = Field(description="The text above says what each of them does")
    by: str = Field(pattern=r"\S", description="Who decides")
    note: str = Field(default="", description="Why")

    @property
    def approved(self) -> bool:
        """Whether the answer is yes."""
        return self.decision == "approve"


class ProvenForm(DecisionForm):
    """A decision that an approver proves."""

    code: SecretStr = Field(
        default=SecretStr(""), max_length=6, description="To approve: the six digits of your authenticator"
    )


F = TypeVar("F", bound=DecisionForm)


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


def approve(live: LiveEnvironment, question: str, key: str) -> str:
    """Ask, where the environment wants approval, and return who approved.

    Raises:
        PipelineError: refused.
    """
    if live.settings.approval != "always":
        return ""
    answer = prompt(live, f"{question} {why_asked(live)}", key)
    if not answer.approved:
        raise PipelineError(f"{answer.by} decided against it: {answer.note}".rstrip(": "))
    return answer.by


def why_asked(live: LiveEnvironment) -> str:
    """Say why a person must approve."""
    return f'{live.name} wants a person\'s approval for it: `approval = "always"` in environments.toml.'


def prompt(live: LiveEnvironment, question: str, key: str, shown: datetime | None = None) -> DecisionForm:
    """Suspend the run until a person has decided, or as many approvers as the environment demands agree.

    ``key`` names what the decision is for: asked under another key, the question is put again, and the server
    takes no answer that was given for the one before.
    """
    rule = approval_rule(live)
    if not rule.wanted:
        return _ask(live, f"{question}\n\n{rule.describe()}", key, shown, DecisionForm)
    return _ask_approvers(live, question, key, shown, rule)


def _ask_approvers(
    live: LiveEnvironment, question: str, key: str, shown: datetime | None, rule: ApprovalRule
) -> DecisionForm:
    """Ask again after each approval and each wrong answer; the run starts from the beginning each time."""
    agreed: list[str] = []
    wrong, fault = 0, ""
    while wrong < WRONG_CODES:
        turn = len(agreed) + wrong + 1
        told = "\n\n".join(filter(None, (question, fault, rule.describe(agreed))))
        answer = _ask(live, told, key if turn == 1 else f"{key}-{turn}", shown, ProvenForm)
        if not answer.approved:
            return answer
        name = answer.by.strip()
        fault = rule.find_fault(name, answer.code, agreed) or _check(live, name, answer)
        if fault:
            wrong += 1
            continue
        agreed.append(name)
        if len(agreed) == rule.wanted:
            return answer.model_copy(update={"by": name_proven(agreed)})
    return DecisionForm(decision="refuse", by="The pipeline", note=f"{WRONG_CODES} answers proved nobody")


def _check(live: LiveEnvironment, name: str, answer: ProvenForm) -> str:
    with one_answer_at_a_time(live):
        return check_code(live, name, answer.code, answer.metadata.key)


def _ask(live: LiveEnvironment, question: str, key: str, shown: datetime | None, form: type[F]) -> F:
    """Suspend the run until a person fills in the form; the message about it has the same text.

    The process ends meanwhile; the resumed run starts from the beginning and gets the answer here.
    """
    end = (shown or utc_now()) + APPROVAL_TIME
    text = f"{question}\n\nThe decision is open until {end:%H:%M} UTC."
    if not was_prompted(key):
        title = text.partition("\n")[0].removeprefix("## ")
        emit(live, "approval.waiting", summary=title, question=text, key=key)
    about = Field(default=key, pattern=f"^{key}$", description="What is decided on: leave it as it is")
    bound = create_model("DecisionForm", __base__=form, about=(str, about))
    described = bound.with_initial_data(description=text)
    return suspend_flow_run(wait_for_input=described, timeout=int(APPROVAL_TIME.total_seconds()), key=key)
