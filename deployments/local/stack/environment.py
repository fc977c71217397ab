"""The environment variables with which everything local runs: worker, demo, tests."""

import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from deployments.local.setup.paths import TOOLS
from deployments.local.setup.terraform import terraform_cli_config
from deployments.local.stack.errors import StackError
from deployments.local.stack.secrets import PREFECT_PASSWORD, read
from deployments.local.stack.settings import Settings
from deployments.paths import PROJECT

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


_LOOPBACK = "127.0.0.1,localhost"


def environment(settings: Settings | None = None) -> dict[str, str]:
    """Return what the stack adds to, and overrides in, the environment of whoever works with it."""
    chosen = settings or Settings.read()
    values = {
        "VIMBISO_STATE": str(chosen.state),
        "VIMBISO_AWS_PORT": str(chosen.aws_port),
        "VIMBISO_PREFECT_PORT": str(chosen.prefect_port),
        "VIMBISO_WEBHOOK_PORT": str(chosen.webhook_port),
        **_prefect(chosen),
        "PIPELINE_ROOT": str(PROJECT),
        # The system's own is shared: Prefect keeps a folder there that belongs to whoever came first.
        "TMPDIR": str(chosen.temporary),
        "PATH": os.pathsep.join(
            [str(Path(sys.executable).parent), str(TOOLS / "bin"), os.environ.get("PATH", os.defpath)]
        ),
        "NO_PROXY": _without_proxy("NO_PROXY"),
        "no_proxy": _without_proxy("no_proxy"),
        "CHECKPOINT_DISABLE": "1",
        # Where it is set, every start compiles all of Prefect again: ten seconds.
        "PYTHONDONTWRITEBYTECODE": "",
    }
    config = terraform_cli_config()
    return {**values, "TF_CLI_CONFIG_FILE": str(config)} if config else values


def child_environment(
    settings: Settings | None = None, inherited: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return a whole environment: the inherited one without its Prefect settings, then :func:`environment`.

    The user's own Prefect profile or API address must not leak into the local stack. A TF_CLI_CONFIG_FILE
    that names no file goes too, as Terraform would warn of it in every run.
    """
    base = dict(os.environ if inherited is None else inherited)
    kept = {
        name: value
        for name, value in base.items()
        if not name.startswith("PREFECT_") and name != "TF_CLI_CONFIG_FILE"
    }
    return {**kept, **environment(settings)}


def _prefect(settings: Settings) -> dict[str, str]:
    password = read(settings, PREFECT_PASSWORD)
    return {
        **({"PREFECT_API_AUTH_STRING": password} if password else {}),
        "PREFECT_API_URL": f"{settings.prefect_url}/api",
        "PREFECT_UI_URL": settings.prefect_url,
        "PREFECT_HOME": str(settings.state / "prefect"),
        "PREFECT_PROFILES_PATH": str(settings.state / "prefect/profiles.toml"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "pipeline",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_CLASS": "blocks.console.PlainConsoleHandler",
        "DO_NOT_TRACK": "1",
    }


def _without_proxy(name: str) -> str:
    return ",".join(filter(None, (os.environ.get(name), _LOOPBACK)))
