"""Roles and resources of an environment, as a plan with AWS's answers made up holds them."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from support.rights.asks import Site
from support.rights.policy import Statement
from terraform_command import Terraform

from pipeline.environment.loader import environment

ACCOUNT = "123456789012"
_POLICY = re.compile(r'(network\.)?aws_iam_role_policy\.(\w+)(?:\["?([a-z]+)"?\]|\[\d+\])?$')


@dataclass(frozen=True)
class Planned:
    """Plan of one environment, or of the platform."""

    name: str
    document: dict[str, Any]

    @cached_property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Planned values by address."""
        changes = self.document["resource_changes"]
        return {
            item["address"]: item["change"]["after"] or {} for item in changes if item["mode"] == "managed"
        }

    @cached_property
    def roles(self) -> dict[str, list[Statement]]:
        """Statements by role: ``worker``, ``network flow``, ``execution client``."""
        found: dict[str, list[Statement]] = {}
        for address, values in self.resources.items():
            policy = _POLICY.search(address)
            if policy:
                module, role, which = policy.groups("")
                name = f"{module.removesuffix('.')} {role} {which}".strip()
                found[name] = json.loads(values["policy"])["Statement"]
        return found

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the resources of a type."""
        own = re.compile(rf"\b{kind}\.")
        return {address: values for address, values in self.resources.items() if own.search(address)}

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """What the flows get."""
        values: dict[str, Any] = self.document["output_changes"]["pipeline"]["after"]
        return values

    @cached_property
    def known(self) -> dict[str, Any]:
        """What the flows know: the outputs, and what the pipeline names itself."""
        described = environment(self.name)
        return {
            **self.outputs,
            "state_bucket": described.state_bucket,
            "outputs_parameter": described.outputs_parameter,
        }

    @cached_property
    def key(self) -> str:
        """ARN of the key that everything is encrypted with."""
        (key,) = (
            key
            for address, key in self.of_type("aws_kms_key").items()
            if not address.startswith("module.signing")
        )
        return str(key["arn"])

    @cached_property
    def site(self) -> Site:
        """Where the flows of the environment ask."""
        return Site(
            account=ACCOUNT,
            key=self.key,
            tags=(("Application", self.outputs["app"]), ("Environment", self.outputs["environment"])),
            roles=(self.outputs["execution_role_arn"], self.outputs["task_role_arn"]),
        )


def plan(terraform: Terraform, name: str, variables: Sequence[str] = ()) -> Planned:
    """Plan what ``tests/rights.tftest.hcl`` describes."""
    done = terraform("test", "-json", "-verbose", "-filter=tests/rights.tftest.hcl", *variables)
    lines = [json.loads(line) for line in done.stdout.replace("@environment@", name).splitlines()]
    (found,) = [line["test_plan"] for line in lines if line["type"] == "test_plan"] or [None]
    assert found is not None, done.stdout
    return Planned(name, found)
