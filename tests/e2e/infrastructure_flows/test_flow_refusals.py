"""What deploy-infrastructure says to wrong input, and the way back to a recorded configuration."""

import pytest
from premises import Premises, told
from support.fault_proxy import Fault, Request, faulty
from support.weather import Weather

from pipeline.state.backend import read_head
from pipeline.state.record import read_records

ROOT = "plain"
pytestmark = pytest.mark.timeout(900)


def test_a_recorded_configuration_is_applied_again(premises: Premises) -> None:
    """Without a name it is the last good one before the present; the record says what it restores."""
    for value in ("one", "two"):
        premises.wish(value=value)
        assert told(premises.run("deploy-infrastructure")).startswith("Completed")
    first = read_records(premises.home)[1]
    assert told(premises.run("rollback-infrastructure")).startswith("Completed")
    back = read_records(premises.home)[0]
    assert (back.outputs["value"], back.restores) == ("one", first.name)


def test_wrong_configuration_is_named_with_its_line(premises: Premises) -> None:
    """The run's own message has file, line and the wrong words; nothing was planned."""
    before = read_head(premises.home)
    premises.wish(value="wrong")
    file = premises.folder / "terraform/main.tf"
    text = file.read_text()
    file.write_text(text.replace("input = var.value", "input = var.valeu"))
    try:
        said = told(premises.run("deploy-infrastructure"))
    finally:
        file.write_text(text)
    line = text[: text.index("input = var.value")].count("\n") + 1
    assert said.startswith("Failed")
    assert f"main.tf, line {line}" in said
    assert "valeu" in said
    assert read_head(premises.home) == before


def test_a_mistyped_target_is_refused(premises: Premises) -> None:
    """The way back to a part of the configuration needs addresses that exist."""
    for value in ("three", "four"):  # a way back to something, whatever ran before
        premises.wish(value=value)
        assert told(premises.run("deploy-infrastructure")).startswith("Completed")
    before = read_head(premises.home)
    said = told(premises.run("rollback-infrastructure", targets=["terraform_data.frist"]))
    assert said.startswith("Failed")
    assert "terraform_data.frist: did you mean terraform_data.first" in said
    assert read_head(premises.home) == before


def test_credentials_of_another_account_are_refused(premises: Premises) -> None:
    """The error names both accounts, and no key."""
    with premises.credentials("999999999999", "another-secret-key"):
        said = told(premises.run("deploy-infrastructure"))
    assert said.startswith("Failed")
    assert "999999999999" in said
    assert "another-secret-key" not in said


_UNKNOWN_KEY = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code>"
    "<Message>The security token included in the request is invalid.</Message></Error></ErrorResponse>"
)


def test_a_key_that_aws_does_not_know_is_explained(premises: Premises) -> None:
    """The error says which block to correct; the emulator takes any key, so AWS is played."""
    before = read_head(premises.home)
    with faulty(port_of(premises), _refuse_key) as url, premises.endpoint(url):
        said = told(premises.run("deploy-infrastructure"))
    assert said.startswith("Failed")
    assert "InvalidClientTokenId" in said
    assert "aws-credentials block" in said
    assert read_head(premises.home) == before


def _refuse_key(request: Request) -> Fault | None:
    return Fault(403, _UNKNOWN_KEY) if request.service == "sts" else None


def port_of(premises: Premises) -> int:
    """Return the emulator's port."""
    return int(premises.aws_url.rpartition(":")[2])


def test_an_api_that_throttles_and_fails_is_survived(premises: Premises) -> None:
    """With many requests throttled, failed, cut or lost the change is carried through, or run again it is."""
    weather = Weather(0.1)
    premises.wish(value="through bad weather")
    with faulty(port_of(premises), weather) as url, premises.endpoint(url):
        ends = [told(premises.run("deploy-infrastructure"))]
        if not ends[0].startswith("Completed"):
            ends.append(told(premises.run("deploy-infrastructure")))
    assert ends[-1].startswith("Completed"), ends
    assert sum(weather.done.values()) > 20
    assert read_records(premises.home)[0].outputs["value"] == "through bad weather"
