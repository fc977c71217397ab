"""A change that a person must approve: asked in a form, applied exactly as shown, or not at all."""

from dataclasses import replace
from datetime import timedelta

import pytest
from premises import ENVIRONMENT, Premises, told

from pipeline.state.backend import StateBackend, read_head
from pipeline.state.plans import remember_waiting, waiting_plan
from pipeline.state.record import read_records

APPROVAL = "always"
ROOT = "plain"
pytestmark = pytest.mark.timeout(900)
BY = {"decision": "approve", "by": "Tendai", "note": "looks right"}


def serial(home: StateBackend) -> int:
    """Return the state's serial; 0 where there is none."""
    head = read_head(home)
    return head.serial if head else 0


@pytest.fixture
def before(premises: Premises) -> int:
    """The state's serial before the test."""
    return serial(premises.home)


def test_what_was_approved_is_applied(premises: Premises, before: int) -> None:
    """The run waits with nothing done; approved, it applies that very plan, whatever the files say now."""
    premises.wish(value="approved")
    waiting = premises.run("deploy-infrastructure")
    assert told(waiting).startswith("Suspended")
    assert serial(premises.home) == before
    assert "-> `approved`" in premises.events("vimbiso.approval.waiting")[0]["question"]
    premises.wish(value="edited meanwhile")
    done = premises.decide(waiting, **BY)
    assert told(done).startswith("Completed")
    record = read_records(premises.home)[0]
    assert (record.run_id, record.approved_by, record.outcome) == (str(done.id), "Tendai", "succeeded")
    assert record.outputs["value"] == "approved"
    assert waiting_plan(premises.home, str(done.id)) is None


def test_what_was_refused_is_not_applied(premises: Premises, before: int) -> None:
    """The run fails with who and why; the state is as it was."""
    premises.wish(value="refused")
    done = premises.decide(
        premises.run("deploy-infrastructure"), decision="refuse", by="Rudo", note="too late"
    )
    assert told(done).startswith("Failed")
    assert "Rudo" in told(done)
    assert "too late" in told(done)
    assert serial(premises.home) == before


def test_an_approval_that_comes_too_late_is_refused(premises: Premises, before: int) -> None:
    """What was shown hours ago is planned and shown again rather than applied."""
    premises.wish(value="late")
    run = premises.run("deploy-infrastructure")
    waiting = waiting_plan(premises.home, str(run.id))
    assert waiting is not None
    remember_waiting(premises.home, str(run.id), replace(waiting, shown=waiting.shown - timedelta(hours=5)))
    done = premises.decide(run, **BY)
    assert told(done).startswith("Failed")
    assert "was valid until" in told(done)
    assert serial(premises.home) == before


def test_an_approval_for_another_state_is_refused(premises: Premises) -> None:
    """Two wait; after the first was applied the second's plan is not what anybody may apply."""
    premises.wish(value="first")
    first = premises.run("deploy-infrastructure")
    premises.wish(value="second")
    second = premises.run("deploy-infrastructure")
    assert told(premises.decide(first, **BY)).startswith("Completed")
    after = serial(premises.home)
    done = premises.decide(second, **BY)
    assert told(done).startswith("Failed")
    assert "serial" in told(done)
    assert serial(premises.home) == after


def test_a_plan_is_shown_and_no_more(premises: Premises, before: int) -> None:
    """``plan_only`` neither asks nor changes; the way back of ``destroy`` is asked for as well."""
    premises.wish(value="only shown")
    assert told(premises.run("deploy-infrastructure", plan_only=True)).startswith("Completed")
    waiting = premises.run("destroy", confirm=ENVIRONMENT)
    assert told(waiting).startswith("Suspended")
    assert told(premises.decide(waiting, decision="refuse", by="Rudo")).startswith("Failed")
    assert serial(premises.home) == before
