"""Reading goes on whatever AWS answers."""

from dataclasses import fields
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from diagnosis_samples import WELL, live

from pipeline.diagnosis.diagnosis import diagnose
from pipeline.diagnosis.model import Unread
from pipeline.diagnosis.reading import addresses, read_facts
from pipeline.errors import PipelineError


class _Refusing:
    """A client of which every call raises."""

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.exceptions = self

    def __getattr__(self, name: str) -> Any:
        if name.endswith(("Exception", "NotFound")):
            return LookupError
        return self._raise

    def _raise(self, *_: Any, **__: Any) -> Any:
        raise self._error


class _Access:
    """Hands out such clients."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def client(self, _: str) -> _Refusing:
        return _Refusing(self._error)


def _refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Call")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let names and the health path fail at once: a unit test asks no network."""
    monkeypatch.setattr("pipeline.diagnosis.reading.addresses", lambda _: ())
    monkeypatch.setattr("pipeline.diagnosis.reading.probe", lambda *_: WELL.probes[0])


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (_refused("AccessDeniedException"), "lacks this permission"),
        (_refused("ThrottlingException"), "throttles"),
        (_refused("400"), "lacks the API"),
        (EndpointConnectionError(endpoint_url="http://aws.test"), "aws.test"),
        (PipelineError("said so"), "said so"),
        (ValueError("odd"), "could not be understood: ValueError('odd')"),
    ],
    ids=["no rights", "throttled", "no such API", "no network", "an error of ours", "an odd answer"],
)
@pytest.mark.usefixtures("offline")
def test_a_failing_call_is_an_answer(error: Exception, expected: str) -> None:
    """Each question that AWS refuses is unread with its reason, and the diagnosis is made all the same."""
    facts = read_facts(live(_Access(error)), WELL.subject)
    asked = {item.name for item in fields(facts)} - {"subject", "certificate", "alarms", "names", "probes"}
    unread = {name for name in asked if isinstance(getattr(facts, name), Unread)}
    assert unread == asked
    assert expected in cast("Unread", facts.service).reason
    assert diagnose(facts).findings


def test_a_name_that_does_not_resolve_has_no_address() -> None:
    """An answer, not an error; .invalid never resolves (RFC 2606)."""
    assert addresses("nobody.invalid") == ()
    assert addresses("127.0.0.1") == ("127.0.0.1",)
