"""What registering refuses before it asks a server."""

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.register import register
from pipeline.environment.loader import UnknownEnvironmentError


def test_an_unknown_environment_is_named_though_there_is_no_server() -> None:
    """Whoever names a server next would only learn then of the slip."""
    with temporary_settings(restore_defaults={PREFECT_API_URL}), pytest.raises(UnknownEnvironmentError):
        register(["nowhere"])
