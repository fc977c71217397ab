"""Shows what a checkout tells about its deployment, and writes its folder of configuration."""

import json
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deployments.checkout.check import judge, merged
from deployments.checkout.files import read_checkout
from deployments.checkout.folder import application_file, aws_table, local_table, toml_lines
from deployments.checkout.model import CheckoutError, CheckoutFinding
from deployments.cli.declared import CommandError
from deployments.follow import printable
from deployments.paths import PROJECT
from pipeline.environment.files import APPLICATIONS
from pipeline.environment.loader import load_environments

_SIZES = PROJECT / "terraform/environments"
_TITLES = {
    "change": "To be changed in the application",
    "configure": "To be configured (vimbiso init writes it)",
    "unknown": "Not known yet",
    "fits": "Fits",
}
_DEFAULTS = {"region": "af-south-1", "container_port": 8000, "health_path": "/health/"}


@dataclass(frozen=True)
class AwsPlace:
    """Answers that nobody can find in a checkout."""

    repository: str
    branch: str
    region: str
    domain: str
    account_id: str


def show_check(path: Path, dockerfile: str, target: str, as_json: bool) -> int:
    """Print all findings; returns 1 where something must be changed."""
    findings = judged(path, dockerfile, target)
    if as_json:
        print(json.dumps([asdict(item) for item in findings], indent=2, default=str))
    else:
        _print(findings)
    return 1 if any(item.ruling == "change" for item in findings) else 0


def judged(path: Path, dockerfile: str, target: str) -> tuple[CheckoutFinding, ...]:
    """Return what is found in a checkout."""
    try:
        return judge(read_checkout(path), dockerfile, target)
    except CheckoutError as error:
        raise CommandError(str(error)) from error


def _print(findings: Sequence[CheckoutFinding]) -> None:
    for ruling, title in _TITLES.items():
        chosen = [item for item in findings if item.ruling == ruling]
        if chosen:
            print(f"{title}:")
        for item in chosen:
            lines = (*item.code, *(toml_lines(item.settings) if ruling in ("change", "configure") else ()))
            asked = [f"variables = {{ {name} = ... }}" for name in item.ask]
            print(
                "\n".join(
                    [
                        printable(f"  {item.subject}: {item.text}"),
                        *(printable(f"      {x}") for x in (*lines, *asked)),
                    ]
                )
            )
    counted = Counter[str](item.ruling for item in findings)
    print(", ".join(f"{counted[ruling]} {ruling}" for ruling in _TITLES))


def write_folder(
    path: Path,
    findings: Sequence[CheckoutFinding],
    name: str,
    environments: Sequence[str],
    to: Path | None,
    place: AwsPlace,
    force: bool,
) -> int:
    """Write environments.toml and a variables file for each environment, and say what comes next."""
    _check_words(name, environments, place)
    folder = to or APPLICATIONS / name
    texts = _texts(path, name, environments, place, findings)
    there = [file for file in texts if (folder / file).exists()]
    if there and not force:
        raise CommandError(f"{folder} has {', '.join(there)} already. Write over it with --force.")
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in texts.items():
        (folder / file).write_text(text, encoding="utf-8")
    load_environments(folder / "environments.toml", {})
    _say_next(folder, path, name, environments, sum(item.ruling == "change" for item in findings))
    return 0


def _check_words(name: str, environments: Sequence[str], place: AwsPlace) -> None:
    for word in (name, *environments):
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,31}", word):
            raise CommandError(f"{word!r}: a name has small letters, digits and hyphens, 32 at most.")
    missing = [option for option in ("repository", "branch", "region") if not getattr(place, option)]
    if set(environments) != {"local"} and missing:
        raise CommandError(f"An environment on AWS needs --{', --'.join(missing)}.")


def _texts(
    path: Path, name: str, environments: Sequence[str], place: AwsPlace, findings: Sequence[CheckoutFinding]
) -> dict[str, str]:
    settings = {**_DEFAULTS, **({"region": place.region} if place.region else {}), **merged(findings)}
    asked = dict.fromkeys(variable for item in findings for variable in item.ask)
    answers = _ask(list(asked))
    if answers:
        settings["variables"] = {**settings.get("variables", {}), **answers}
    tables = {environment: _table(path, name, environment, place, settings) for environment in environments}
    left = [variable for variable in asked if variable not in settings.get("variables", {})]
    found = {"environments.toml": application_file(name, settings, tables, left)}
    for environment in environments:
        given = _SIZES / f"{environment}.tfvars"
        sizes = given if given.exists() else _SIZES / "staging.tfvars"
        found[f"{environment}.tfvars"] = sizes.read_text(encoding="utf-8")
    return found


def _table(
    path: Path, name: str, environment: str, place: AwsPlace, settings: dict[str, Any]
) -> dict[str, Any]:
    if environment == "local":
        whole = path.resolve()
        inside = whole.is_relative_to(PROJECT)
        return local_table(name, str(whole.relative_to(PROJECT) if inside else whole), settings)
    told = {"domain": place.domain, "account_id": place.account_id, "branch": place.branch}
    return aws_table({**told, "approval": "always"}, place.repository, settings)


def _ask(names: list[str]) -> dict[str, str]:
    """Ask whoever sits there for the values of variables; an empty answer leaves one out."""
    if not names or not sys.stdin.isatty():
        return {}
    print("The code demands these variables. Values of secrets do not belong here: leave them empty.")
    answers = {name: input(f"  {name} = ").strip() for name in names}
    return {name: answer for name, answer in answers.items() if answer}


def _say_next(folder: Path, path: Path, name: str, environments: Sequence[str], changes: int) -> None:
    print(f"Written: {folder}")
    if changes:
        print(f"First change the application in {changes} places: vimbiso check {path}")
    print("Then:")
    if folder.absolute().parent != APPLICATIONS.absolute():
        print(f"  export VIMBISO_APPLICATIONS={folder.absolute().parent}")
    for environment in environments:
        whole = f"{name}-{environment}"
        commands = ["make up"] if environment == "local" else []
        flows = ("bootstrap-state", "deploy-infrastructure", "sync-secrets")
        commands += [f"vimbiso register {whole}", *(f"vimbiso run {flow} {whole}" for flow in flows)]
        print("\n".join(f"  {command}" for command in [*commands, f"vimbiso deploy {whole}"]))
