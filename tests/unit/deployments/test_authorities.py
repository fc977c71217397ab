"""Prefect's clients share what was read of the certificate authorities."""

import ssl

import certifi
import pytest
from prefect._internal import version_checking
from prefect.client import orchestration

from deployments.worker.authorities import share_authorities


def test_authorities_are_read_once_and_an_unverified_context_is_nobody_elses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Prefect changes the context that it makes for a server that is not to be verified."""
    for module in (orchestration, version_checking):
        monkeypatch.setattr(module, "ssl", ssl)
    share_authorities()
    first = orchestration.ssl.create_default_context(cafile=certifi.where())
    assert version_checking.ssl.create_default_context(cafile=certifi.where()) is first
    unverified = orchestration.ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    again = orchestration.ssl.create_default_context(cafile=certifi.where())
    assert (again, again.verify_mode, again.check_hostname) == (first, ssl.CERT_REQUIRED, True)
    assert orchestration.ssl.create_default_context() is not unverified
    assert ssl.create_default_context(cafile=certifi.where()) is not first
