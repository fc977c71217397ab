"""Settings of the receiver come from the environment and are checked."""

import os
from pathlib import Path

import pytest

from deployments.variables import SettingsError
from deployments.webhook.settings import WebhookSettings


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The process environment: empty."""
    kept: dict[str, str] = {}
    monkeypatch.setattr(os, "environ", kept)
    return kept


def test_defaults(variables: dict[str, str]) -> None:
    """They are those of docs/webhook.md; empty variables count for none."""
    variables["WEBHOOK_EVENTS"] = variables["WEBHOOK_SECRETS"] = variables["WEBHOOK_RATE"] = ""
    found = WebhookSettings.read()
    assert (found.host, found.port, found.store.name) == ("127.0.0.1", 4201, "webhook.db")
    assert (found.secrets, found.secret_file, found.events) == ("", None, ("push", "workflow_run"))
    assert (found.rate, found.burst, found.max_bytes, found.follow) == (20, 100, 5_000_000, 5)
    assert (found.github_age, found.plain_age) == (86_400, 300)
    assert (found.github_api, found.github_token, found.ui_url) == ("https://api.github.com", "", "")


def test_each_has_its_variable(variables: dict[str, str]) -> None:
    """Lists are parted by commas; an address ends without a slash."""
    variables |= {
        "VIMBISO_WEBHOOK_PORT": "5201",
        "VIMBISO_STATE": "/state",
        "WEBHOOK_PORT": "1",  # the host's port of the compose file, not the receiver's
        "WEBHOOK_SECRETS": "staging=new",
        "WEBHOOK_SECRET_FILE": "/secret",
        "WEBHOOK_EVENTS": "workflow_run",
        "WEBHOOK_RATE": "0.5",
        "GITHUB_API_URL": "https://git.test/api/",
        "GITHUB_TOKEN": "t",
        "PREFECT_API_URL": "https://prefect.test/api/",
    }
    found = WebhookSettings.read()
    assert (found.port, found.store) == (5201, Path("/state/webhook.db"))
    assert (found.secrets, found.secret_file) == ("staging=new", Path("/secret"))
    assert (found.events, found.rate) == (("workflow_run",), 0.5)
    assert (found.github_api, found.github_token) == ("https://git.test/api", "t")
    assert found.ui_url == "https://prefect.test"
    variables["PREFECT_UI_URL"] = "https://ui.test/"
    assert WebhookSettings.read().ui_url == "https://ui.test"


def test_one_secret_has_a_variable_of_its_own(variables: dict[str, str]) -> None:
    """The one for several goes first."""
    variables["WEBHOOK_SECRET"] = "one"
    assert WebhookSettings.read().secrets == "one"
    variables["WEBHOOK_SECRETS"] = "two"
    assert WebhookSettings.read().secrets == "two"


@pytest.mark.parametrize(
    ("variable", "text", "says"),
    [
        ("WEBHOOK_RATE", "many", "valid number"),
        ("WEBHOOK_BURST", "0", "greater than 0"),
        ("WEBHOOK_FOLLOW", "nan", "less than 1000000000"),
        ("WEBHOOK_PLAIN_AGE", "inf", "less than 1000000000"),
        ("WEBHOOK_MAX_BYTES", "1.5", "valid integer"),
        ("VIMBISO_WEBHOOK_PORT", "70000", "from 1 to 65535"),
    ],
)
def test_a_bad_value_is_named(variables: dict[str, str], variable: str, text: str, says: str) -> None:
    """One sentence: the variable, what it was set to, and what to set it to."""
    variables[variable] = text
    with pytest.raises(SettingsError, match=f"^{variable} is '{text}': .*{says}[^.]*[.]$"):
        WebhookSettings.read()
