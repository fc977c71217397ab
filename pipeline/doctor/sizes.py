"""Sizes of an environment as Terraform reads them: the file's values, and the variables' defaults."""

import json
import shutil
import tempfile
from pathlib import Path

from pipeline.aws.access import AwsAccess
from pipeline.doctor.model import Sizes
from pipeline.terraform.workspace import PlanRequest, open_workspace


def read_sizes(module: Path, access: AwsAccess, request: PlanRequest) -> Sizes:
    """Plan the variables of a root module alone: no provider, no state, less than a second.

    Raises:
        TerraformError: a value is missing, or is not what its variable allows.
    """
    outputs = {name: {"value": f"${{var.{name}}}"} for name in Sizes.model_fields}
    with tempfile.TemporaryDirectory(prefix="sizes-") as name:
        folder = Path(name)
        for file in module.glob("variables.*.tf"):
            shutil.copy(file, folder)
        (folder / "sizes.tf.json").write_text(json.dumps({"output": outputs}), encoding="utf-8")
        with open_workspace(folder, access, label="sizes") as workspace:
            return Sizes.model_validate(workspace.planned_outputs(workspace.plan(request)))
