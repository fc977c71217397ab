"""The process environment that Terraform is given."""

from collections.abc import Mapping
from pathlib import Path

from pipeline.aws.access import AwsAccess

_CREDENTIALS = frozenset(
    {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
    }
)


def process_environment(
    inherited: Mapping[str, str], access: AwsAccess, data: Path, cli_config: Path | None = None
) -> dict[str, str]:
    """Derive Terraform's environment from the one we run in.

    Settings that would change a command behind our back (TF_VAR_*, TF_CLI_ARGS*, TF_WORKSPACE) or print
    secrets (TF_LOG*) are left out, and so are other credentials where ``access`` brings its own.
    """
    kept = {name: value for name, value in inherited.items() if not _unwanted(name, access)}
    config = cli_config or _existing(inherited.get("TF_CLI_CONFIG_FILE"))
    kept.pop("TF_CLI_CONFIG_FILE", None)
    return {
        **kept,
        **access.process_environment(),
        **({"TF_CLI_CONFIG_FILE": str(config)} if config else {}),
        "TF_DATA_DIR": str(data),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
    }


def _unwanted(name: str, access: AwsAccess) -> bool:
    if name.startswith(("TF_VAR_", "TF_CLI_ARGS", "TF_LOG")) or name in {"TF_WORKSPACE", "TF_DATA_DIR"}:
        return True
    own = access.access_key_id is not None or access.profile is not None
    return own and name in _CREDENTIALS


def _existing(path: str | None) -> Path | None:
    # Terraform warns on every command about a file that is not there; leaving it out changes nothing else.
    return Path(path) if path and Path(path).is_file() else None
