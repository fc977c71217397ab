"""Finds a Terraform that serves, or fetches the pinned release into the project's tools folder."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from deployments.local.setup.paths import TOOLS, SetupError
from deployments.local.setup.release import RELEASES, fetch_terraform, is_good, parse_version, platform_name

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


FETCHED = TOOLS / "bin/terraform"


def terraform_binary() -> Path:
    """Return the Terraform to use: the fetched one, else the first in PATH that is new enough.

    Raises:
        SetupError: neither is there; ``make setup`` fetches it.
    """
    found = _find()
    if found is None:
        raise SetupError("No Terraform >= 1.10 in PATH nor in .tools/bin. Type: make setup")
    return found


def ensure_terraform(target: Path = FETCHED) -> Path:
    """Return the Terraform to use, fetching the pinned release to ``target`` where there is none."""
    found = _find(target)
    if found is not None:
        if found != target:
            print(_unchecked(found))
        return found
    base = os.environ.get("TERRAFORM_RELEASES_URL") or RELEASES
    print(f"Fetching Terraform from {base} ...", flush=True)
    return fetch_terraform(base, platform_name(), target)


def _unchecked(path: Path) -> str:
    """Return what can be said of an executable that somebody else installed."""
    version = ".".join(map(str, parse_version(_version(path)) or ()))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return (
        f"Using {path}, as PATH has it: version {version}, SHA-256 {digest}. Its version was looked at, its "
        "checksum was compared with nothing: HashiCorp signs archives, not what is in them."
    )


def _find(fetched: Path = FETCHED) -> Path | None:
    return next((path for path in _candidates(fetched) if is_good(_version(path))), None)


def _candidates(fetched: Path) -> Iterator[Path]:
    if fetched.exists():
        yield fetched
    in_path = shutil.which("terraform")
    if in_path:
        yield Path(in_path)


def _version(path: Path) -> str:
    """Ask the executable itself; without the look-up of newer releases, which needs the network."""
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1"}
    environment.pop("TF_CLI_CONFIG_FILE", None)
    try:
        done = subprocess.run(  # noqa: S603 - a path found by us
            [path, "version"], capture_output=True, text=True, timeout=20, check=False, env=environment
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout
