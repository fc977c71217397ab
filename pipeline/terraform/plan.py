"""A saved plan and what it is bound to."""

import hashlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

from pipeline.terraform.errors import TerraformError


@dataclass(frozen=True)
class Plan:
    """A plan in a file. It is as secret as the state: sensitive values are readable in it."""

    path: Path
    sha256: str
    has_changes: bool
    serial: int
    """Serial of the state that it was made against; 0 when there was none."""
    lineage: str
    """Lineage of that state; "" when there was none."""


def read_plan(path: Path, *, has_changes: bool) -> Plan:
    """Describe a plan file.

    Raises:
        TerraformError: the file is no plan.
    """
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        with zipfile.ZipFile(path) as archive:
            state = json.loads(archive.read("tfstate"))
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise TerraformError(f"{path.name} is not a plan of Terraform ({error}). Plan again.") from error
    return Plan(path, digest, has_changes, int(state.get("serial", 0)), str(state.get("lineage", "")))
