"""An approval counts for the plan that was shown, not for the one that lies there now."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import tasks.change
from pipeline.errors import PipelineError
from pipeline.state.plans import WaitingPlan
from pipeline.terraform.approval import PlanIdentity
from pipeline.terraform.document import Plan


@pytest.mark.holds("people", "approve")
@pytest.mark.parametrize("swapped", [False, True])
def test_the_plan_that_is_applied_is_the_one_that_was_shown(
    monkeypatch: pytest.MonkeyPatch, swapped: bool
) -> None:
    """The file is compared with what the person was asked about, and not that with itself."""
    home: Any = SimpleNamespace(environment="staging")
    monkeypatch.setattr("tasks.change.read_head", lambda _: SimpleNamespace(serial=7, lineage="l"))
    monkeypatch.setattr("tasks.change.forget_waiting", lambda *_: None)
    monkeypatch.setattr("tasks.change.drop_plan", lambda *_: None)
    monkeypatch.setattr("tasks.change.get_run_logger", lambda: logging.getLogger())
    shown = WaitingPlan(PlanIdentity("staging", "a" * 64, 7, "l"), datetime.now(UTC), "1 to create")
    plan = Plan(Path("plan"), ("b" if swapped else "a") * 64, has_changes=True, serial=7, lineage="l")
    answer = {"approved": True, "by": "anna", "note": "", "valid_for": timedelta(hours=4)}

    def approve() -> str:
        return str(tasks.change.require_approval.fn(home, "run", shown, plan, **answer))

    if not swapped:
        assert approve() == "anna"
        return
    with pytest.raises(PipelineError, match="not for bbbbbbbbbbbb"):
        approve()
