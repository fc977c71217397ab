"""The whole of production, as Terraform applies it to an emulator."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.ministack import REGION

from deployments.local.setup.terraform import terraform_binary, terraform_cli_config
from deployments.paths import PROJECT
from pipeline.environment.loader import load_environments
from pipeline.terraform.process_environment import root_variables, write_variables

ENVIRONMENT = "production"
STATE_BUCKET = "full-state"
OVERRIDES = Path(__file__).parent / "emulator.tfvars"


@dataclass(frozen=True)
class FullTerraform:
    """Terraform with production's own variables, and state on the emulator."""

    folder: Path
    endpoint: str
    logs: str
    moto: str
    scaling: str
    adopt: dict[str, str]

    def init(self) -> None:
        """Prepare the working folder; the state lies in the emulator's S3."""
        settings = {"bucket": STATE_BUCKET, "key": "full.tfstate", "region": REGION, "use_path_style": "true"}
        self._run(
            "init", "-input=false", *(f"-backend-config={key}={value}" for key, value in settings.items())
        )

    def apply(self) -> None:
        """Make everything."""
        self._run("apply", "-auto-approve", "-input=false", *self._variables())

    def changes(self) -> dict[str, list[str]]:
        """Return the actions of a new plan by address, without those that do nothing."""
        plan = self.folder / "plan"
        self._run("plan", f"-out={plan}", "-input=false", *self._variables())
        document: dict[str, Any] = json.loads(self._run("show", "-json", str(plan)))
        found = {change["address"]: change["change"]["actions"] for change in document["resource_changes"]}
        return {address: actions for address, actions in found.items() if set(actions) - {"no-op", "read"}}

    def outputs(self) -> dict[str, Any]:
        """Return the outputs that the flows get."""
        document: dict[str, Any] = json.loads(self._run("output", "-json", "pipeline"))
        return document

    def managed(self) -> list[str]:
        """Return the addresses in the state, without data sources."""
        lines = self._run("state", "list").splitlines()
        return [line for line in lines if ".data." not in line and not line.startswith("data.")]

    def identifiers(self, kind: str) -> set[str]:
        """Return the ids of the resources of a type."""
        state = json.loads(self._run("state", "pull"))
        found = [item for item in state["resources"] if item["type"] == kind and item["mode"] == "managed"]
        return {instance["attributes"]["id"] for item in found for instance in item["instances"]}

    def destroy(self) -> None:
        """Remove everything."""
        self._run("destroy", "-auto-approve", "-input=false", *self._variables())

    def _variables(self) -> list[str]:
        described = load_environments(PROJECT / "deployments/environments.toml", {})[ENVIRONMENT]
        given = write_variables(self.folder / "pipeline.tfvars.json", root_variables(described))
        return [
            f"-var-file=environments/{ENVIRONMENT}.tfvars",
            f"-var-file={given}",
            f"-var-file={OVERRIDES}",
            f"-var=adopt={json.dumps(self.adopt)}",
        ]

    def _run(self, verb: str, *arguments: str) -> str:
        # "show", "output" and "state" print for machines; colour is nobody's need.
        plain = () if verb in {"show", "output", "state"} else ("-no-color",)
        done = subprocess.run(
            [terraform_binary(), verb, *plain, *arguments],
            cwd=PROJECT / "terraform",
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == 0, f"terraform {verb}:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
        config = terraform_cli_config()
        mirror = {"TF_CLI_CONFIG_FILE": str(config)} if config else {}
        access = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION}
        endpoints = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ENDPOINT_URL_CLOUDWATCH": self.moto,
            "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": self.logs,
            "AWS_ENDPOINT_URL_WAFV2": self.moto,
            "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING": self.scaling,
        }
        own = {"TF_DATA_DIR": str(self.folder / "data"), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        return {**kept, **mirror, **access, **endpoints, **own}
