"""Every step of a flow behaves as tasks.support says."""

import importlib
import pkgutil
from typing import Any

import httpx
import pytest
from prefect import Task

import tasks
from pipeline.aws.errors import AwsError
from pipeline.errors import PipelineError
from pipeline.image.request import ImageError
from pipeline.source.location import SourceError, SourceUnreachableError
from pipeline.terraform.diagnostics import Diagnostic, StalePlanError, TerraformError
from tasks import support

ONCE = {
    "begin_rollout",
    "run_management_command",
    "remove_lock",
    "terraform_apply",
    "bring_back",
    "carry_in_place",
}
"""What must never run twice by itself."""


def _steps() -> list[Task[..., Any]]:
    modules = [importlib.import_module(f"tasks.{item.name}") for item in pkgutil.iter_modules(tasks.__path__)]
    found = {id(value): value for module in modules for value in vars(module).values()}
    return [value for value in found.values() if isinstance(value, Task)]


STEPS = _steps()


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_step_is_named_after_its_function(step: Task[..., Any]) -> None:
    """Who sees a red step in the UI can grep for it; its result stays in the process."""
    assert (step.name, step.persist_result) == (step.fn.__name__, False)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_step_is_retried_only_where_the_error_is_transient(step: Task[..., Any]) -> None:
    """A step that is repeated at all is repeated on the one condition."""
    if step.retries:
        assert step.retries == len(support.DELAYS)
        assert step.retry_condition_fn is support._failed_transiently


def test_what_changes_the_world_is_not_retried() -> None:
    """It goes on in the next run, which looks first at what was done."""
    assert {step.name: step.retries for step in STEPS if step.name in ONCE} == dict.fromkeys(ONCE, 0)


def _answered(status: int) -> httpx.HTTPStatusError:
    request = httpx.Request("GET", "http://prefect.test")
    return httpx.HTTPStatusError(
        str(status), request=request, response=httpx.Response(status, request=request)
    )


def _wrapped(cause: Exception) -> RuntimeError:
    error = RuntimeError("Failed to reach API")
    error.__cause__ = cause
    return error


def _terraform(detail: str) -> TerraformError:
    return TerraformError("init failed", [Diagnostic("error", "It failed", detail)])


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (AwsError("throttled", "ThrottlingException"), True),
        (AwsError("no answer"), True),
        (AwsError("broken", "InternalError"), True),
        (AwsError("expired", "ExpiredTokenException"), False),
        (AwsError("no credentials", "NoCredentialsError"), False),
        (AwsError("denied", "AccessDeniedException"), False),
        (SourceUnreachableError("git"), True),
        (SourceError("no such ref"), False),
        (ImageError("no such image"), False),
        (httpx.ConnectError("refused"), True),
        (httpx.ReadTimeout("late"), True),
        (_answered(503), True),
        (_answered(429), True),
        (_answered(409), False),
        (_wrapped(httpx.ConnectError("refused")), True),
        (_wrapped(ValueError("a defect")), False),
        (RuntimeError("a defect"), False),
        (_terraform("dial tcp: no such host"), True),
        (_terraform("Throttling"), True),
        (_terraform("an argument is missing"), False),
        (StalePlanError("stale"), False),
        (PipelineError("days=31"), False),
        (ValueError("a defect"), False),
        (KeyboardInterrupt(), False),
        (None, False),
    ],
    ids=repr,
)
def test_which_errors_are_transient(error: BaseException | None, transient: bool) -> None:
    """A refusal is told at once; what a minute may fix is tried again."""
    assert support.is_transient(error) is transient
