"""Remembers which plan a run waits to have approved, so that the resumed run applies that very plan."""

from datetime import datetime

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from pipeline.state.home import StateHome
from pipeline.terraform.approval import PlanIdentity


@dataclass(frozen=True)
class WaitingPlan:
    """A kept plan, when it was shown for decision, and what the person is to decide on."""

    plan: PlanIdentity
    shown: datetime
    summary: str
    restores: str = ""
    """Name of the record that it goes back to; "" for an ordinary one."""


_ADAPTER = TypeAdapter(WaitingPlan)


def remember_waiting(home: StateHome, run_id: str, waiting: WaitingPlan) -> None:
    """Write down what the run waits for."""
    home.write(_key(home, run_id), _ADAPTER.dump_json(waiting, indent=2))


def waiting_plan(home: StateHome, run_id: str) -> WaitingPlan | None:
    """Return what the run waits for; None when it has not come so far."""
    stored = home.read(_key(home, run_id))
    return _ADAPTER.validate_json(stored.body) if stored else None


def forget_waiting(home: StateHome, run_id: str) -> None:
    """Forget it, after the decision was carried out."""
    home.remove(_key(home, run_id))


def _key(home: StateHome, run_id: str) -> str:
    return f"waiting/{home.environment}/{run_id}.json"
