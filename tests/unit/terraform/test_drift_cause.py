"""What of a plan's drift is somebody's doing."""

from plan_documents import change, document

from pipeline.environment.files import PROJECT
from pipeline.terraform.document import parse_plan
from pipeline.terraform.drift import computed_attributes, ignored_attributes, leave_out

CONFIGURATION = """
resource "aws_ecs_service" "this" {
  desired_count = 2

  lifecycle {
    ignore_changes = [task_definition, desired_count]
  }
}

resource "aws_efs_file_system" "data" {
  encrypted = true
}
"""
SCHEMAS = {
    "provider_schemas": {
        "aws": {
            "resource_schemas": {
                "aws_efs_file_system": {
                    "block": {
                        "attributes": {
                            "size_in_bytes": {"computed": True},
                            "tags_all": {"computed": True, "optional": True},
                            "encrypted": {"optional": True},
                        }
                    }
                }
            }
        }
    }
}


def test_what_the_configuration_ignores_is_nobodys_change() -> None:
    """Of that resource alone, wherever its module stands; another attribute of it counts."""
    service = {"task_definition": "app:1", "desired_count": 2, "launch_type": "FARGATE"}
    deployed = {**service, "task_definition": "app:2", "desired_count": 3}
    moved = {**deployed, "launch_type": "EC2"}
    address = 'module.service["a.b"].aws_ecs_service.this'
    plan = document(
        drift=(
            change("aws_ecs_service.this", ["update"], before=service, after=deployed),
            change("aws_ecs_service.this[0]", ["update"], before=service, after=moved),
            change("aws_ecs_service.other", ["update"], before=service, after=deployed),
            {**change("aws_ecs_service.this", ["update"], before=service, after=moved), "address": address},
        )
    )
    found = leave_out(parse_plan(plan), ignored_attributes(CONFIGURATION)).drift
    assert {item.address: [attribute.path for attribute in item.attributes] for item in found} == {
        "aws_ecs_service.this[0]": ["launch_type"],
        "aws_ecs_service.other": ["desired_count", "task_definition"],
        address: ["launch_type"],
    }


def test_what_only_the_provider_sets_is_nobodys_change() -> None:
    """A file system grows by itself; what a person can set, or that it is gone, counts."""
    before = {"size_in_bytes": [{"value": 1}], "tags_all": {}, "encrypted": True}
    grown, tagged = {**before, "size_in_bytes": [{"value": 2}]}, {**before, "tags_all": {"a": "b"}}
    plan = document(
        drift=(
            change("aws_efs_file_system.a", ["update"], before=before, after=grown),
            change("aws_efs_file_system.b", ["update"], before=before, after=tagged),
            change("aws_efs_file_system.c", ["delete"], before=before),
        )
    )
    found = leave_out(parse_plan(plan), computed_attributes(SCHEMAS)).drift
    assert [item.address for item in found] == ["aws_efs_file_system.b", "aws_efs_file_system.c"]


def test_modules_may_use_the_same_name() -> None:
    """What one of them ignores is not forgotten for the other's sake."""
    twice = CONFIGURATION + 'resource "aws_ecs_service" "this" {\n  desired_count = 1\n}\n'
    assert "task_definition" in ignored_attributes(twice)["aws_ecs_service.this"]


def test_the_projects_own_configuration_leaves_the_service_to_deployments() -> None:
    """The way in which it is written is the one that is understood."""
    text = (PROJECT / "terraform/modules/service/main.tf").read_text(encoding="utf-8")
    assert {"task_definition", "desired_count"} <= ignored_attributes(text)["aws_ecs_service.this"]
