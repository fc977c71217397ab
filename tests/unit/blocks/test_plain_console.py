"""Terminals show ARNs as they are."""

import ast
import importlib
import io
import logging
from pathlib import Path

import prefect.logging
import pytest
from prefect.logging.configuration import load_logging_config
from prefect.logging.handlers import PrefectConsoleHandler

from blocks.console import PlainConsoleHandler

ROOT = Path(__file__).resolve().parents[3]
ARN = "arn:aws:secretsmanager:af-south-1:000000000000:secret:vimbiso-pay/local/app-fe3aa4"
VARIABLE = "PREFECT_LOGGING_HANDLERS_CONSOLE_CLASS"
PLACES = (
    "deployments/work_pools.py",
    "deployments/local/stack/environment.py",
    "deployments/image/Dockerfile",
)


@pytest.mark.parametrize("handler", [PlainConsoleHandler, PrefectConsoleHandler])
def test_an_arn_in_a_log_line_stays_one(handler: type[PrefectConsoleHandler]) -> None:
    """Prefect's own handler makes an emoji of :secret: as long as this class is needed."""
    stream = io.StringIO()
    record = logging.LogRecord("pipeline", logging.INFO, "", 1, "reads %s [/x]", (ARN,), None)
    handler(stream).handle(record)
    assert (stream.getvalue() == f"reads {ARN} [/x]\n") is (handler is PlainConsoleHandler)


@pytest.mark.parametrize("place", PLACES)
def test_whoever_runs_flows_is_told_of_the_handler(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prefect takes the class from the environment, wherever the runs are."""
    name = f"{PlainConsoleHandler.__module__}.{PlainConsoleHandler.__name__}"
    text = (ROOT / place).read_text(encoding="utf-8")
    assert f"{VARIABLE}={name}" in text or f'"{VARIABLE}": "{name}"' in text
    monkeypatch.setenv(VARIABLE, name)
    config = load_logging_config(Path(prefect.logging.__file__).with_name("logging.yml"))
    module, _, attribute = config["handlers"]["console"]["class"].rpartition(".")
    assert getattr(importlib.import_module(module), attribute) is PlainConsoleHandler


def test_no_console_of_ours_makes_emojis() -> None:
    """What a run logs or ends with may hold an ARN; rich looks for emojis unless it is told not to."""
    made = [
        (path, node)
        for path in (ROOT / "deployments").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Console"
    ]
    assert len(made) >= 4
    assert [str(path) for path, node in made if "emoji=False" not in ast.unparse(node)] == []
