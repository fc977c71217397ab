"""Keeps what no history of the region writes: ``tests/region/keep.py`` runs it.

Objects beside the Terraform state and in the log archive, blocks, and deployments; all values are made up.
"""

import hashlib
import json
import os
import sys
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from prefect.blocks.core import Block
from prefect.types import SecretDict
from prefect_aws import AwsCredentials
from pydantic import BaseModel, SecretStr
from pyotp import TOTP

from blocks.app_secrets import AppSecrets
from blocks.approver import Approver
from blocks.deploy_environment import DeployEnvironment
from deployments.prefect_file import _flow, entries, own_schema
from pipeline.approvers import Attempt, judge_code
from pipeline.environment.files import PROJECT
from pipeline.environment.loader import environment
from pipeline.logs.manifest import DayManifest
from pipeline.state.backup import Bundle
from pipeline.state.model import ConfigurationRecord, RunRecord, StateSnapshot
from pipeline.state.plans import WaitingPlan, remember_waiting
from pipeline.state.record import announce, keep_record, record_name
from pipeline.terraform.approval import PlanIdentity

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECRET = "MADEUP" * 6
"""No approver's."""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class Home:
    """Stands for the state's bucket, and keeps what is written."""

    environment: str = "staging"
    written: dict[str, bytes] = field(default_factory=dict)

    def write(self, key: str, body: bytes, *_: object) -> None:
        """Keep an object."""
        self.written[key] = body

    write_once = write


def beside_the_state() -> dict[str, bytes]:
    """Return a run's note, the record of an apply, and what a run waits for."""
    home: Any = Home()
    run = RunRecord("run-1", "staging", "worker", 7, "boot:19", "run-1", NOON, NOON + timedelta(hours=1))
    announce(home, run)
    plan, lineage = PlanIdentity("staging", _digest("plan"), 6, "made-up"), "made-up"
    remember_waiting(home, "run-1", WaitingPlan(plan, NOON, "1 to add", restores="an earlier one"))
    snapshot = StateSnapshot("state", "snapshots/staging/6", "version-6", 6, lineage, _digest("state"))
    bundle = Bundle(b"", _digest("bundle"), ())
    record = ConfigurationRecord(
        name=record_name(NOON, plan.sha256),
        environment="staging",
        run_id="run-1",
        applied=NOON,
        outcome="succeeded",
        bundle_sha256=bundle.sha256,
        plan_sha256=plan.sha256,
        serial=7,
        lineage=lineage,
        git_revision=_digest("commit")[:40],
        terraform_version="1.11.4",
        approved_by="ada (code checked)",
        restores="an earlier one",
        snapshot=snapshot,
        outputs={"vpc_id": "vpc-1", "subnets": ["subnet-1"]},
    )
    keep_record(home, record, bundle)
    names = {"locks/": "run", "waiting/": "waiting", "record.json": "configuration"}
    return {kind: body for key, body in home.written.items() for part, kind in names.items() if part in key}


def archived_day() -> bytes:
    """Return the manifest of an archived day."""
    manifest = DayManifest(
        group="/ecs/pay",
        day=date(2026, 3, 1),
        part="logs/staging/part-0000.jsonl.gz",
        events=3,
        streams={"app/1": 3},
        first_event=1,
        last_event=3,
        raw_bytes=90,
        raw_sha256=_digest("raw"),
        compressed_bytes=60,
        compressed_sha256=_digest("compressed"),
    )
    return manifest.model_dump_json(indent=2).encode()


def blocks() -> dict[str, bytes]:
    """Return the data of an environment's block, an approver's after a code was given, and secret values."""
    secret = SecretStr(SECRET)
    code = SecretStr(TOTP(SECRET).at(NOON))
    given = judge_code(secret, (), Attempt(question="run-1/deploy", at=NOON), code)
    kept: dict[str, Block] = {
        "block-approver": Approver(secret=secret, attempts=given.attempts),
        "block-secrets": AppSecrets(values=SecretDict({"DJANGO_SECRET": "made up"})),
        "block-environment": DeployEnvironment(
            settings=environment("staging"),
            aws_credentials=AwsCredentials(),
            source_token=SecretStr("made up"),
        ),
    }
    return {name: _data(block) for name, block in kept.items()}


def _data(block: Block) -> bytes:
    """Return what the server keeps of a block, other blocks in it left out."""
    own = {
        name
        for name, item in type(block).model_fields.items()
        if not (isinstance(item.annotation, type) and issubclass(item.annotation, Block))
    }
    shown: dict[str, Any] = BaseModel.model_dump(
        block, mode="json", include=own, context={"include_secrets": True}
    )
    return json.dumps(shown, indent=1).encode()


def deployments() -> bytes:
    """Return the registered deployments of staging: entry point, parameters, and which there are."""
    item = environment("staging")
    found = {}
    for entry in entries(item):
        schema = own_schema(_flow(entry.entrypoint), item)
        found[entry.entrypoint] = {
            "parameters": entry.parameters,
            "defaults": {
                name: value["default"] for name, value in schema["properties"].items() if "default" in value
            },
            "required": schema.get("required", []),
        }
    return json.dumps(found, indent=1).encode()


def main() -> int:
    """Write a file for each kind."""
    os.environ["VIMBISO_SOURCE"] = "https://example.org/pay.git"
    folder = PROJECT / "tests" / "kept" / sys.argv[1]
    folder.mkdir(parents=True, exist_ok=True)
    kept = {**beside_the_state(), **blocks(), "day": archived_day(), "deployments": deployments()}
    for name, body in kept.items():
        (folder / f"{name}.json").write_bytes(body + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
