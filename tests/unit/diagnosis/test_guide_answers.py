"""Every line of the guide's troubleshooting chapter has an answer."""

from dataclasses import fields, replace
from typing import Any

import pytest
from diagnosis_samples import (
    SCALING,
    SECURITY,
    TARGETS,
    TASKS,
    WELL,
    definition,
    record,
    service,
    stopped,
    task,
)

from pipeline.diagnosis.diagnosis import GUIDE, Answer, answered, diagnose
from pipeline.diagnosis.facts import Balancing, Definitions, Releases, Tasks
from pipeline.diagnosis.model import Unread
from pipeline.health.model import ProbeReport
from pipeline.preflight.model import CheckStatus

NOTHING_READ = replace(
    WELL, **{item.name: Unread("no rights") for item in fields(WELL) if item.name != "subject"}
)
BREAKS: dict[str, dict[str, Any]] = {
    "Check ECS task logs in CloudWatch": {
        "service": service(running=1),
        "tasks": Tasks((), (stopped("Essential container in task exited", 1),), ()),
    },
    "Verify environment variables": {"definitions": Definitions(definition(environment=[]), None)},
    "Check container health check": {"tasks": Tasks((task(health="UNHEALTHY"),), (), ())},
    "Verify security group rules": {"security": replace(SECURITY, tasks=(replace(TASKS, inbound=()),))},
    "Verify /health/ endpoint is responding": {"probes": (ProbeReport("url", False, ()),)},
    "Check ALB target group settings": {"balancing": Balancing((replace(TARGETS, path="/"),), ())},
    "Review security group rules": {"security": replace(SECURITY, tasks=(replace(TASKS, inbound=()),))},
    "Check scaling policy thresholds": {"scaling": replace(SCALING, policies=())},
    "Verify ECS service configuration": {"service": service(running=0)},
    "Revert to previous image": {"releases": Releases((record("r6", "arn/pay:6"),), None)},
}


@pytest.mark.parametrize("line", [line for line in GUIDE if line != "Review CloudWatch metrics"])
def test_a_fault_is_told_at_its_line(line: str) -> None:
    """Whoever follows the guide's list finds the fault at the line that asks for it."""
    assert answered(diagnose(WELL).findings)[line] == Answer(CheckStatus.OK)
    assert answered(diagnose(replace(WELL, **BREAKS[line])).findings)[line] == Answer(CheckStatus.NG)


def test_what_is_over_is_said_to_be() -> None:
    """A crash before the service became steady again is no present fault, and not hidden either."""
    crash = Tasks((task(),), (stopped("Essential container in task exited", 3),), ())
    found = answered(diagnose(replace(WELL, tasks=crash)).findings)
    assert found["Check ECS task logs in CloudWatch"] == Answer(CheckStatus.NG, over=True)


def test_metrics_are_shown() -> None:
    """The guide wants them reviewed: they are shown, and say so where there are none."""
    assert answered(diagnose(WELL).findings)["Review CloudWatch metrics"].status is CheckStatus.OK
    without = replace(WELL, usage=Unread("no rights"), alarms=())
    assert answered(diagnose(without).findings)["Review CloudWatch metrics"].status is CheckStatus.SKIP


def test_what_cannot_be_read_is_skipped_with_its_reason() -> None:
    """A diagnosis without rights ends no run, names no cause, and says at every topic why."""
    found = diagnose(NOTHING_READ)
    assert found.causes == ()
    assert set(answered(found.findings).values()) == {Answer(CheckStatus.SKIP)}
    assert {item.topic for item in found.findings} == {item.topic for item in diagnose(WELL).findings}
    reasons = {item.reason for item in found.findings}
    assert reasons == {"no rights", "needs the service"}


@pytest.mark.parametrize("name", [item.name for item in fields(WELL) if item.name != "subject"])
def test_one_unread_answer_breaks_no_other_topic(name: str) -> None:
    """A refused call leaves the rest as it is."""
    found = diagnose(replace(WELL, **{name: Unread("throttled")}))
    assert found.causes == ()
    assert any(item.reason == "throttled" for item in found.findings)


def test_the_guide_names_topics_that_exist() -> None:
    """No line points to a topic that nobody judges."""
    topics = {item.topic for item in diagnose(WELL).findings}
    assert {topic for named in GUIDE.values() for topic in named} - topics == set()
