"""Terraform's CLI configuration: where this machine has a mirror of the AWS provider."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from deployments.local.setup.paths import TOOLS, SetupError

_PROVIDER = Path("registry.terraform.io/hashicorp/aws")
_OWN = Path("terraform.rc")


def terraform_cli_config(environment: Mapping[str, str] | None = None) -> Path | None:
    """Return the file to name in TF_CLI_CONFIG_FILE; None where Terraform's own ways are enough.

    A file that the user named and that exists always wins, so does the user's ``~/.terraformrc``. A mirror in
    one of the folders that Terraform looks into by itself needs no file. Source: Terraform, "CLI
    Configuration File", Implied Local Mirror Directories.

    Raises:
        SetupError: this user may not read the file, of which Terraform would not say why.
    """
    given = os.environ if environment is None else environment
    named = given.get("TF_CLI_CONFIG_FILE")
    if named and _may_read(
        Path(named), "TF_CLI_CONFIG_FILE names it: unset TF_CLI_CONFIG_FILE, or name another."
    ):
        return Path(named)
    home = Path(given.get("HOME") or Path.home())
    own = home / ".terraformrc"
    if _may_read(own, f"Terraform reads it: chmod u+r {own}, or name another in TF_CLI_CONFIG_FILE."):
        return None
    if _holding(_implied(home)):
        return None
    mirror = _holding(_well_known(given))
    return _write(TOOLS / _OWN, mirror) if mirror else None


def configuration(mirror: Path) -> str:
    """Return the text that takes the AWS provider from ``mirror``, all others from their registry."""
    address = json.dumps(str(_PROVIDER))
    return (
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        f"    path    = {json.dumps(str(mirror))}\n"
        f"    include = [{address}]\n"
        "  }\n"
        "  direct {\n"
        f"    exclude = [{address}]\n"
        "  }\n"
        "}\n"
    )


def _may_read(file: Path, advice: str) -> bool:
    """Whether there is such a file; one that may not be read is an error."""
    try:
        file.open("rb").close()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return False
    except OSError as error:
        raise SetupError(f"{file} cannot be read ({error.strerror}). {advice}") from error
    return True


def _implied(home: Path) -> list[Path]:
    return [
        home / ".terraform.d/plugins",
        home / ".local/share/terraform/plugins",
        Path("/usr/local/share/terraform/plugins"),
        Path("/usr/share/terraform/plugins"),
    ]


def _well_known(environment: Mapping[str, str]) -> list[Path]:
    """Folders that people and images keep mirrors in, though Terraform must be told of them."""
    named = environment.get("TF_PLUGIN_MIRROR")
    first = [Path(named)] if named else []
    return first + sorted(path for root in ("/opt", "/usr/local/share") for path in Path(root).glob("*"))


def _holding(folders: Iterable[Path]) -> Path | None:
    """Return the first that has the provider; ``os.path`` takes what may not be read for absent."""
    return next((folder for folder in folders if os.path.isdir(folder / _PROVIDER)), None)  # noqa: PTH112 - see above


def _write(target: Path, mirror: Path) -> Path:
    text = configuration(mirror)
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_suffix(f".{os.getpid()}")
        draft.write_text(text, encoding="utf-8")
        draft.replace(target)
    return target
