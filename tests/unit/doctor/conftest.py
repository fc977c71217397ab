"""An account on paper for each test."""

import pytest
from doctor_account import ACCOUNT, FRESH, REGION, PaperAccess
from support.live import live_environment

from pipeline.live import LiveEnvironment

ACCESS = PaperAccess(REGION, access_key_id="paper", secret_access_key="paper")
"""One for all tests: a client of ec2 takes a quarter of a second to make."""


@pytest.fixture
def access() -> PaperAccess:
    """Access to a fresh account."""
    ACCESS.asked.clear()
    ACCESS.answers.clear()
    ACCESS.answers.update(FRESH)
    return ACCESS


@pytest.fixture
def live(access: PaperAccess) -> LiveEnvironment:
    """Staging, of which nothing is built yet."""
    return live_environment(access, account_id=ACCOUNT)


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no resolver answer."""
    monkeypatch.setattr("pipeline.doctor.read_names.lookup_records", lambda *_: None)
