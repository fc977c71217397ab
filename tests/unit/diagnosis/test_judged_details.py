"""Single answers that are judged: what is a fault, what is not, what is not known."""

import re
from dataclasses import replace

import pytest
from diagnosis_samples import ENDPOINT, SCALING, SECURITY, TASKS, WELL, group, task, tcp

from pipeline.certificate.model import CertificateFinding, CertificateVerdict, Level
from pipeline.delivery.model import TaskEvidence
from pipeline.diagnosis.causes import likely_causes
from pipeline.diagnosis.diagnosis import diagnose, to_markdown
from pipeline.diagnosis.facts import Balancing, Facts, Rule, Tasks
from pipeline.diagnosis.model import Fault, Finding
from pipeline.ecs.model import Target
from pipeline.outputs import Outputs
from pipeline.preflight.model import CheckStatus


def told(facts: Facts) -> dict[str, CheckStatus]:
    """Return how each subject was found."""
    return {item.subject: item.status for item in diagnose(facts).findings}


def test_a_door_of_which_no_group_is_known_is_no_fault() -> None:
    """Every endpoint has a group on AWS: an answer without one tells nothing."""
    untold = replace(SECURITY, destinations=(replace(ENDPOINT, groups=()),))
    found = diagnose(replace(WELL, security=untold))
    told = {item.subject: item.status for item in found.findings}
    assert (found.causes, told["tasks to endpoint ecr.dkr, 443"]) == ((), CheckStatus.SKIP)


def test_outputs_of_the_sample_are_complete() -> None:
    """The sample is what Terraform hands over, so that the judges see what they will see."""
    assert Outputs.model_validate(WELL.subject.outputs.model_dump()) == WELL.subject.outputs


def balanced(*states: str) -> Facts:
    """Return a service of which the load balancer says this."""
    assert isinstance(WELL.balancing, Balancing)
    targets = tuple(Target("tg", f"10.0.0.{at}", 80, state, "", "") for at, state in enumerate(states))
    return replace(WELL, balancing=replace(WELL.balancing, targets=targets))


def test_a_target_that_comes_or_goes_is_no_fault() -> None:
    """It is waited for; one that the load balancer does not use at all is wrongly set."""
    found = told(balanced("healthy", "initial", "draining", "unused"))
    assert [found[f"10.0.0.{at}:80"] for at in range(4)] == [
        CheckStatus.OK,
        CheckStatus.SKIP,
        CheckStatus.SKIP,
        CheckStatus.NG,
    ]


def test_a_service_without_a_target_group_is_told() -> None:
    """Nobody could reach it."""
    assert told(replace(WELL, balancing=Balancing((), ())))["settings"] is CheckStatus.NG


def test_endpoints_and_s3_are_way_enough_to_aws() -> None:
    """A rule to every endpoint and one to a prefix list, as S3's gateway wants it."""
    to_s3 = Rule("tcp", 443, 443, (), (), ("pl-s3",))
    rules = (tcp(443, "sg-endpoints"), to_s3, *[rule for rule in TASKS.outbound if not rule.covers(443)])
    closed = replace(SECURITY, tasks=(group("tasks", TASKS.inbound, rules),))
    assert told(replace(WELL, security=closed))["tasks to AWS, 443"] is CheckStatus.OK
    without = replace(SECURITY, tasks=(group("tasks", TASKS.inbound, (to_s3, *rules[2:])),))
    found = told(replace(WELL, security=without))
    assert found["tasks to AWS, 443"] is CheckStatus.NG
    assert found[f"tasks to {ENDPOINT.name}, 443"] is CheckStatus.NG


def test_a_service_that_does_not_scale_is_no_fault() -> None:
    """Its number of tasks stays, which is told."""
    assert told(replace(WELL, scaling=replace(SCALING, bounds=None)))["bounds"] is CheckStatus.SKIP


def test_a_warning_about_the_certificate_is_not_judged() -> None:
    """check-certificate does that; the diagnosis passes its words on."""
    warned = CertificateVerdict((CertificateFinding("the end", Level.WARN, "20 days left", "Renew."),), None)
    found = diagnose(replace(WELL, certificate=warned))
    (item,) = [item for item in found.findings if item.subject == "the end"]
    assert (item.status, item.reason) == (CheckStatus.SKIP, "20 days left Renew.")


def test_a_finding_that_speaks_for_nothing_has_no_cause() -> None:
    """It stands on the page all the same."""
    assert likely_causes([Finding("topic", "subject", CheckStatus.NG, "odd")]) == ()


def test_a_page_does_not_grow_without_end() -> None:
    """Of many causes and much evidence the rest is counted."""
    findings = [
        Finding("topic", f"task {at}", CheckStatus.NG, "odd", fault) for fault in Fault for at in range(20)
    ]
    causes = likely_causes(findings)
    page = to_markdown(replace(diagnose(WELL), causes=causes)).split("## The guide")[0]
    assert re.search(r"\d+ more follow from these", page)
    assert re.search(r"- and \d+ more", page)
    assert page.count("### ") < len(causes)


@pytest.mark.parametrize("fault", list(Fault))
def test_every_fault_says_what_to_do(fault: Fault) -> None:
    """A cause without a next step helps nobody; one that no flow fixes shows no command."""
    (cause,) = likely_causes([Finding("topic", "subject", CheckStatus.NG, "odd", fault)])
    assert cause.advice.means
    assert cause.advice.do
    page = to_markdown(replace(diagnose(WELL), causes=(cause,))).split("## The guide")[0]
    assert ("```" in page) is bool(cause.advice.flows)


def test_the_log_of_a_task_that_starts_blames_no_running_one() -> None:
    """What a crashing application writes in its next try explains its exits; visitors have met nothing."""
    wrote = TaskEvidence("task-1", "ACTIVATING", {"app": ("ValueError: no such row",)})
    starting = Tasks((task(last_status="ACTIVATING"),), (), (wrote,))
    assert diagnose(replace(WELL, tasks=starting)).causes == ()
