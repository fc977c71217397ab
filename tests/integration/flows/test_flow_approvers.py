"""Approvals that codes prove, from the form to the record."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flow_runs import Runs, told
from prefect.client.schemas.objects import FlowRun, State
from pydantic import SecretStr
from pyotp import TOTP, random_base32
from support.world import World

from blocks.approver import Approver, approver_block, enrolled_approvers
from deployments.follow import form_of, question_of
from flows.backup_state import backup_terraform_state
from flows.restore_state import restore_terraform_state
from pipeline.clock import utc_now

PROVEN = "ann (code checked) and bob (code checked)"


@pytest.fixture
def keys() -> Iterator[dict[str, str]]:
    """Two approvers of staging, and one of another environment whose name begins alike."""
    made = {name: random_base32() for name in ("ann", "bob")}
    places = {approver_block("staging", name): key for name, key in made.items()}
    places[approver_block("staging-two", "eve")] = random_base32()
    for place, key in places.items():
        Approver(secret=SecretStr(key)).save(place)
    yield made
    for place in places:
        Approver.delete(place)


@pytest.fixture
def backup(place: World, runs: Runs) -> str:
    """A backup to restore a state from that is gone; staging wants two approvers for it."""
    place.build_state()
    home = place.live.state
    home.write(home.backend.key, b'{"version": 4, "serial": 7, "lineage": "l", "resources": []}')
    runs.run(backup_terraform_state)
    home.delete(home.backend.key)
    settings = place.live.settings.model_copy(update={"approval": "always", "approvers": 2})
    place.live = replace(place.live, settings=settings)
    return next(key for key in home.keys("backups/") if key.endswith(".tfstate"))


def code(key: str, later: int = 0) -> str:
    """Return the code of now, or so many half minutes later."""
    return TOTP(key).at(utc_now(), counter_offset=later)


def wrong(key: str) -> str:
    """Return a code that is not."""
    return f"{(int(code(key)) + 500_000) % 1_000_000:06}"


def ask(runs: Runs, backup: str) -> FlowRun:
    """Return a run that is suspended."""
    run = runs.begin(restore_terraform_state, source=backup)
    assert runs.carry(restore_terraform_state, run).name == "Suspended"
    return run


def approve(runs: Runs, run: FlowRun, by: str, given: str) -> tuple[State[Any], str]:
    """Approve; return the state of the run, and what it asks now."""
    state = runs.decide(restore_terraform_state, run, decision="approve", by=by, code=given)
    return state, question_of(runs.client, runs.client.read_flow_run(run.id))


@pytest.mark.holds("people", "approve")
def test_two_approvers_prove_it_and_no_code_serves_twice(
    runs: Runs, keys: dict[str, str], backup: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Each answer is judged once, wrong ones are asked for again, and the record names both."""
    assert enrolled_approvers("staging") == ("ann", "bob")
    run = ask(runs, backup)
    assert "code" in form_of(runs.client, runs.client.read_flow_run(run.id))
    given = []
    for by, make, question in (
        ("eve", code, "none of an enrolled approver"),
        ("ann", wrong, "The code was wrong"),
        ("ann", code, "Approved by ann; another one must."),
        ("ann", code, "ann has approved already."),
    ):
        given.append(make(keys["ann"]))
        state, asked = approve(runs, run, by, given[-1])
        assert (state.name, question in asked) == ("Suspended", True), asked
    given.append(code(keys["bob"]))
    state, _ = approve(runs, run, "bob", given[-1])
    assert state.type.value == "COMPLETED", told(state)
    (row,) = runs.artifact(state, "state-restored")
    assert row["approved by"] == PROVEN
    for secret in (*keys.values(), *given):
        assert secret not in caplog.text + str(row) + told(state)
    kept = {name: Approver.load(approver_block("staging", name)).attempts for name in keys}
    assert [bool(item.step) for item in kept["ann"]] == [False, True]
    assert [bool(item.step) for item in kept["bob"]] == [True]


@pytest.mark.holds("people", "approve")
def test_a_used_code_and_five_wrong_ones_approve_nothing(
    runs: Runs, keys: dict[str, str], backup: str
) -> None:
    """The first question ends refused; in the next, not even the right code is looked at for an hour."""
    used = code(keys["bob"])
    first = ask(runs, backup)
    assert "Approved by bob" in approve(runs, first, "bob", used)[1]
    second = ask(runs, backup)
    assert "used before" in approve(runs, second, "bob", used)[1]
    for _ in range(4):
        state, _ = approve(runs, second, "bob", wrong(keys["bob"]))
    assert "The pipeline decided against it: 5 answers proved nobody" in told(state)
    third = ask(runs, backup)
    state, asked = approve(runs, third, "bob", code(keys["bob"], 1))
    assert (state.name, "Too many wrong codes" in asked) == ("Suspended", True)
    refused = runs.decide(restore_terraform_state, third, decision="refuse", by="anybody")
    assert "anybody decided against it" in told(refused)
