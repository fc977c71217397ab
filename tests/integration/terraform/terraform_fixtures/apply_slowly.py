"""A run of its own process, to be killed: applies a module and says when its slow resource begins."""

import json
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from pipeline.aws.access import AwsAccess
from pipeline.state.backend import StateBackend
from pipeline.state.record import announce, this_run
from pipeline.state.unlock import lock_keeper
from pipeline.terraform.backend import BackendConfig
from pipeline.terraform.events import TerraformEvent
from pipeline.terraform.workspace import PlanRequest, open_workspace


def _tell(event: TerraformEvent) -> None:
    if "terraform_data.slow: (local-exec): Executing" in event.message:
        sys.stdout.write("slow\n")
        sys.stdout.flush()


def main(settings: Mapping[str, Any]) -> None:
    """Apply; ``settings`` come as JSON on the command line."""
    access = AwsAccess(settings["region"], settings["endpoint"], "made-up", "made-up-secret-key")
    home = StateBackend(access, BackendConfig(**settings["backend"]), settings["environment"])
    keeper = lock_keeper(home, "killed")
    cli_config = Path(settings["cli_config"]) if settings["cli_config"] else None
    options = {
        "label": "killed",
        "on_event": _tell,
        "base": Path(settings["base"]),
        "hook": keeper,
        "cli_config": cli_config,
    }
    with open_workspace(Path(settings["module"]), access, **options) as workspace:
        announce(home, this_run("killed", home.environment, workspace.folder.path, timedelta(hours=1)))
        workspace.init(home.backend)
        workspace.apply(workspace.plan(PlanRequest(settings["variables"])))


main(json.loads(sys.argv[1]))
