"""Findings of docs/real-aws.md that no plan of a new environment shows, and that its page is true."""

import re

import pytest
from terraform_command import PROJECT, ROOT

from pipeline.terraform.drift import ignored_attributes

PAGE = (PROJECT / "docs/real-aws.md").read_text(encoding="utf-8")


def read(path: str) -> str:
    """Return a file of Terraform's, without its comments."""
    return re.sub(r"(?m)#.*$", "", (ROOT / path).read_text(encoding="utf-8"))


def test_every_proof_on_the_page_exists() -> None:
    """A finding is held by a file that is there."""
    named = re.findall(r"`((?:tests|terraform)/[\w./-]+)`", PAGE)
    assert len(named) > 20
    assert [path for path in named if not (PROJECT / path).exists()] == []
    findings = {
        int(number)
        for row in re.findall(r"^\| ([\d, ]+) \|", PAGE, re.MULTILINE)
        for number in row.split(", ")
    }
    assert findings == set(range(1, 28))


def test_no_output_waits_for_a_whole_module() -> None:
    """A splat over a module's calls waits for all of it: name servers came only after the validation (2)."""
    files = [path for path in ROOT.rglob("*.tf") if ".terraform" not in path.parts]
    assert [
        path.name for path in files if re.search(r"module\.\w+\[\*\]", path.read_text(encoding="utf-8"))
    ] == []


@pytest.mark.parametrize(
    ("path", "resource", "ignored"),
    [
        ("modules/service/main.tf", "aws_ecs_service.this", {"task_definition", "desired_count"}),
        ("modules/autoscaling/main.tf", "aws_appautoscaling_target.this", {"min_capacity"}),
        ("modules/registry/main.tf", "aws_ecr_repository.this", {"encryption_configuration"}),
    ],
)
def test_what_the_pipeline_or_aws_decides_is_left_to_it_and_nothing_else(
    path: str, resource: str, ignored: set[str]
) -> None:
    """Zone rebalancing must follow the percentages, or stop-before-start is refused later (13)."""
    assert ignored_attributes(read(path))[resource] == ignored


def test_object_lock_is_set_beside_the_bucket() -> None:
    """On it, it could be set only when the bucket is made (15)."""
    text = read("modules/bucket/main.tf")
    assert "object_lock_enabled" not in text
    assert 'resource "aws_s3_bucket_object_lock_configuration"' in text


def test_a_load_balancer_waits_for_the_internet_gateways_route() -> None:
    """It is made in the public subnets, which are told once the route is there (17)."""
    output = read("modules/network/outputs.tf").split('output "public_subnet_ids"')[1].split("\n}")[0]
    assert "aws_route.public_internet" in output


def test_local_zones_are_left_out() -> None:
    """They have no load balancer; Lagos would come first in af-south-1 (21)."""
    text = read("modules/network/main.tf")
    assert re.search(r'name\s+= "opt-in-status"\s+values\s+= \["opt-in-not-required"\]', text)


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_rules_that_read_a_body_count(environment: str) -> None:
    """A chat message may hold markup or words of SQL (19)."""
    counted = read(f"environments/{environment}.tfvars")
    groups = ["CommonRuleSet", "KnownBadInputsRuleSet", "SQLiRuleSet"]
    for group in groups:
        assert re.search(rf'AWSManagedRules{group}\s*= \["\w+_BODY"', counted)
