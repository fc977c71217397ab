"""The engine's log lines reach the runs."""

import pytest

from deployments.local.stack.environment import with_levels
from deployments.local.stack.errors import StackError


def test_the_engines_logger_gets_prefects_level() -> None:
    """It stands in the table of loggers, and what was there stays."""
    text = with_levels("handlers:\n  a: b\n\nloggers:\n  prefect:\n    level: x\n")
    assert text == (
        "handlers:\n  a: b\n\nloggers:\n"
        '  pipeline:\n    level: "${PREFECT_LOGGING_LEVEL}"\n'
        "  prefect:\n    level: x\n"
    )


def test_an_unknown_shape_is_refused() -> None:
    """Rather than losing log lines in silence."""
    with pytest.raises(StackError, match="no table of loggers"):
        with_levels("version: 1\n")
