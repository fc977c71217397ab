"""The bench's table at Fargate's pace: its times are Terraform's, and both ways are played to their end."""

import re
from pathlib import Path
from statistics import median

import pytest
from region_application import GOOD
from region_moments import COMPLETED, GONE, HEALTHY
from region_pace import TERRAFORM
from region_times import STABLE, WORDS, downtime, plain, release

_TERRAFORM = Path(__file__).parents[2] / "terraform"


def _default(name: str) -> float:
    text = (_TERRAFORM / "variables.balancer.tf").read_text(encoding="utf-8")
    found = re.search(rf'variable "{name}" {{.*?default\s*=\s*(\d+)', text, re.DOTALL)
    assert found
    return float(found[1])


def test_the_pace_has_the_intervals_of_terraform() -> None:
    """Else the table tells of another service."""
    containers = (_TERRAFORM / "modules/service/containers.tf").read_text(encoding="utf-8")
    (container,) = re.findall(r"\n +interval += (\d+)\n", containers)
    assert TERRAFORM.target_interval == _default("health_check_interval")
    assert TERRAFORM.drain == _default("deregistration_delay")
    assert TERRAFORM.container_interval == float(container)


@pytest.mark.parametrize("kind", WORDS)
def test_a_failure_is_told_within_five_seconds(kind: str) -> None:
    """Of what shows it: before logs are read, and before ECS gives a deployment up."""
    assert WORDS[kind](2)["word"] < 5


def test_a_restore_in_place_keeps_visitors_waiting_for_two_minutes_and_a_half_at_most() -> None:
    """At Fargate's pace, with the service's own draining and start in it; as the draws of five regions go."""
    assert median(map(downtime, range(1, 6))) < 150


def test_both_ways_are_timed_to_the_same_end() -> None:
    """Each step ends after it began, and the service's own come in their order."""
    for spans in (release(1, GOOD, alarms=False), plain(1, GOOD, alarms=False)):
        assert all(begin <= end for begin, end in spans.values())
        ends = [spans[name][1] for name in (HEALTHY, GONE, COMPLETED, "end")]
        assert ends == sorted(ends)
    assert STABLE in spans
