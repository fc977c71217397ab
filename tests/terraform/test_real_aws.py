"""Findings of docs/real-aws.md that no plan of a new environment shows, and that its page is true."""

import re

import pytest
from terraform_command import PROJECT, ROOT

from pipeline.doctor.judge_names import ADOPTED, guide_names
from pipeline.environment.loader import environment
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


def test_each_name_that_is_taken_over_has_its_import() -> None:
    """What is found, and imported by nothing, would be made a second time (4)."""
    blocks = re.findall(r"for_each = local\.adopted\.(\w+)\n +to +=  *(\S+)", read("adoption.tf"))
    known = guide_names(environment("staging"))
    found = {kind.replace(" ", "_"): known[kind].address for kind in ADOPTED}
    assert dict(blocks) == {**found, "record": "module.certificate[0].aws_route53_record.alias[0]"}


def test_the_platform_writes_where_its_image_has_a_volume() -> None:
    """Elsewhere Fargate's volumes are root's alone (8)."""
    (scratch,) = re.findall(r'scratch = "(.+)"', read("platform/services.tf"))
    image = (PROJECT / "deployments/image/Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"(?m)^VOLUME (.+)$", image) == [scratch]


def test_a_secrets_arn_is_told_once_it_has_a_value() -> None:
    """Services that were started before never start: their deployment has failed (9)."""
    output = read("modules/generated-secret/outputs.tf")
    assert re.findall(r"value += (\S+)", output) == ["aws_secretsmanager_secret_version.this.arn"]


def test_a_last_snapshot_has_a_name_of_its_own() -> None:
    """A second database of the name could not be destroyed (10)."""
    assert re.search(r"final_snapshot_identifier = .*timestamp\(\)", read("platform/database.tf"))
