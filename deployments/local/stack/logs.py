"""Prefect's logging configuration, with the engine's loggers in it.

PREFECT_LOGGING_EXTRA_LOGGERS gives them Prefect's handlers but no level: their INFO lines would not reach a
run's log. The rest of the configuration stays what the installed Prefect ships.
"""

import importlib.util
from pathlib import Path

from deployments.local.stack.errors import StackError
from deployments.local.stack.settings import Settings

LOGGERS = ("pipeline",)
_TABLE = "\nloggers:\n"


def write_logging(settings: Settings) -> None:
    """Write ``logging.yml`` into Prefect's home, where Prefect looks for it."""
    target = settings.state / "prefect/logging.yml"
    text = with_levels(_shipped().read_text(encoding="utf-8"))
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        target.write_text(text, encoding="utf-8")


def with_levels(shipped: str) -> str:
    """Give the engine's loggers Prefect's own level.

    Raises:
        StackError: the shipped file has no table of loggers.
    """
    if _TABLE not in shipped:
        raise StackError(
            "Prefect's logging.yml has no table of loggers; this needs the Prefect of the lock file."
        )
    own = "".join(f'  {name}:\n    level: "${{PREFECT_LOGGING_LEVEL}}"\n' for name in LOGGERS)
    return shipped.replace(_TABLE, _TABLE + own, 1)


def _shipped() -> Path:
    """Find the file without importing Prefect, which takes more than a second."""
    found = importlib.util.find_spec("prefect")
    if found is None or found.origin is None:
        raise StackError("Prefect is not installed. Type: make setup")
    return Path(found.origin).with_name("logging") / "logging.yml"
