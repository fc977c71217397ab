"""Keeps a saved plan while it waits for approval, which may outlive the process and its folder."""

import json
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from pipeline.state.backend import StateBackend
from pipeline.state.model import StateError
from pipeline.stored import read_stored
from pipeline.terraform.approval import PlanIdentity
from pipeline.terraform.document import Plan, read_plan


@dataclass(frozen=True)
class WaitingPlan:
    """A kept plan, when it was shown for decision, and what the person is to decide on."""

    plan: PlanIdentity
    shown: datetime
    summary: str
    restores: str = ""
    """Name of the record that it goes back to; "" for an ordinary one."""


_ADAPTER = TypeAdapter(WaitingPlan)


def remember_waiting(home: StateBackend, run_id: str, waiting: WaitingPlan) -> None:
    """Write down what the run waits for."""
    home.write(_waiting_key(home, run_id), _ADAPTER.dump_json(waiting, indent=2))


def waiting_plan(home: StateBackend, run_id: str) -> WaitingPlan | None:
    """Return what the run waits for; None when it has not come so far.

    Raises:
        StateError: the note is damaged.
        AwsError: it cannot be read.
    """
    key = _waiting_key(home, run_id)
    stored = home.read(key)
    what = f"The note of what a run waits for s3://{home.backend.bucket}/{key}"
    return read_stored(_ADAPTER, stored.body, what, StateError, "Plan again.") if stored else None


def forget_waiting(home: StateBackend, run_id: str) -> None:
    """Forget it, after the decision was carried out."""
    home.delete(_waiting_key(home, run_id))


def _waiting_key(home: StateBackend, run_id: str) -> str:
    return f"waiting/{home.environment}/{run_id}.json"


def identity(home: StateBackend, plan: Plan) -> PlanIdentity:
    """Return what an approval of the plan is bound to."""
    return PlanIdentity(home.environment, plan.sha256, plan.serial, plan.lineage)


def keep_plan(home: StateBackend, plan: Plan) -> PlanIdentity:
    """Keep the plan file in the state bucket, which is as private as the state."""
    key = _key(home, plan.sha256)
    if home.read(key) is None:
        home.write_once(key, plan.path.read_bytes(), {"changes": json.dumps(plan.has_changes)})
    return identity(home, plan)


def fetch_plan(home: StateBackend, requested: PlanIdentity, path: Path) -> Plan:
    """Fetch exactly the wanted plan into ``path``.

    Raises:
        StateError: it is gone, or not the one that was kept; plan again.
    """
    stored = home.read(_key(home, requested.sha256))
    if stored is None:
        raise StateError(f"The plan {requested.sha256[:12]} of {home.environment} is gone. Plan again.")
    path.touch(mode=0o600)
    path.write_bytes(stored.body)
    plan = read_plan(path, has_changes=stored.metadata.get("changes") == "true")
    if identity(home, plan) != requested:
        raise StateError(
            f"The kept plan {requested.sha256[:12]} of {home.environment} was altered. Plan again."
        )
    return plan


def drop_plan(home: StateBackend, requested: PlanIdentity) -> None:
    """Forget a kept plan, after it was applied or turned down."""
    home.delete(_key(home, requested.sha256))


def _key(home: StateBackend, sha256: str) -> str:
    return f"plans/{home.environment}/{sha256}.tfplan"
