"""The file of an environment's sizes, wherever its application's configuration lies."""

from pathlib import Path

import pytest
from support.live import live_environment

from pipeline.aws.access import AwsAccess
from pipeline.environment.files import PROJECT
from pipeline.errors import PipelineError
from tasks.terraform import sizes_of


def test_sizes_are_found_in_the_project_and_elsewhere(tmp_path: Path) -> None:
    """A relative path is the project's own."""
    (tmp_path / "local.tfvars").touch()
    access = AwsAccess("af-south-1")
    own = live_environment(access, sizes="terraform/environments/staging.tfvars")
    assert sizes_of(own) == PROJECT / "terraform/environments/staging.tfvars"
    other = live_environment(access, sizes=str(tmp_path / "local.tfvars"))
    assert sizes_of(other) == tmp_path / "local.tfvars"


def test_missing_sizes_are_named(tmp_path: Path) -> None:
    """With what to copy."""
    live = live_environment(AwsAccess("af-south-1"), sizes=str(tmp_path / "local.tfvars"))
    with pytest.raises(PipelineError, match=r"has no sizes: there is no .*local\.tfvars\. Copy another"):
        sizes_of(live)
