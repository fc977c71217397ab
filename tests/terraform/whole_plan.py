"""Staging, production, the platform and all options, planned at once and offline by the real provider.

They are modules of one configuration: a start of the provider takes longer than all that it plans. Moto
answers what is only read (account, zones), ``invented.toml`` what AWS tells of a resource once it is made.
"""

import json
import logging
import re
import shutil
import subprocess
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from moto.server import ThreadedMotoServer
from terraform_command import PROJECT, ROOT, offline_environment

from deployments.local.setup.terraform import terraform_binary
from pipeline.environment.loader import load_environments
from pipeline.terraform.process_environment import root_variables

REGION = "af-south-1"
ZONES = ("mycredex.app", "mycredex.dev")
INVENTED = tomllib.loads((Path(__file__).parent / "invented.toml").read_text(encoding="utf-8"))

_IMPORT = re.compile(r"^import \{\n.*?^\}\n", re.MULTILINE | re.DOTALL)
"""Allowed in a root alone, and nothing is taken over here."""
_BACKEND = re.compile(r'^  backend "s3" \{\}\n', re.MULTILINE)
_REFERENCE = re.compile(
    r"(?<![\w.])(?P<it>(?P<kind>aws_\w+)\.\w+(?:\[[^]]*\])?)\.(?P<attribute>[a-z_]+)\b(?!\s*\()"
)
_LOOPED = re.compile(
    r"(?P<loop>\bfor (?:\w+, )?(?P<it>\w+) in (?P<kind>aws_\w+)\.\w+ : [^]}]*?)"
    r"\b(?P=it)\.(?P<attribute>[a-z_]+)\b"
)
_BLOCK = re.compile(r"^(?P<margin> *)variables \{\n(?P<body>.*?)^(?P=margin)\}", re.MULTILINE | re.DOTALL)
_ARGUMENT = re.compile(r"^(?P<name>\w+) += .*?(?=^[\w#]|\Z)", re.MULTILINE | re.DOTALL)


def whole_plan(folder: Path) -> dict[str, Any]:
    """Return the plan as ``terraform show -json`` tells it; addresses begin with their root."""
    _copy(folder)
    (folder / "main.tf").write_text("".join(_modules()), encoding="utf-8")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        endpoint = f"http://127.0.0.1:{server.get_host_and_port()[1]}"
        _make_zones(endpoint)
        return _plan(folder, {**offline_environment(folder / "data"), **_account(endpoint)})
    finally:
        server.stop()


def _copy(folder: Path) -> None:
    """Copy the configuration; state stays in the folder, and what AWS would tell is invented."""
    for file in sorted(ROOT.rglob("*.tf")):
        if ".terraform" not in file.parts:
            copy = folder / "terraform" / file.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            text = _IMPORT.sub("", _BACKEND.sub("", file.read_text(encoding="utf-8")))
            copy.write_text(invent(text), encoding="utf-8")
    shutil.copy(ROOT / ".terraform.lock.hcl", folder)


def invent(text: str) -> str:
    """Put invented values into a configuration's references to what AWS tells."""
    return _LOOPED.sub(lambda found: found["loop"] + _invented(found), _REFERENCE.sub(_invented, text))


def _invented(match: re.Match[str]) -> str:
    value = INVENTED.get(match["kind"], {}).get(match["attribute"])
    if value is None:
        return match[0].removeprefix(match.groupdict().get("loop") or "")
    expression = json.dumps(value)
    if match["it"].endswith("[*]"):
        return f"[for it in {match['it']} : {expression}]"
    return expression.replace("${it.", f"${{{match['it']}.")


def _modules() -> Iterator[str]:
    """Yield each root as a module; a file of variables has the form of a module's arguments, and so has JSON.

    The options are those of the test of variants: staging, with everything on that is off elsewhere.
    """
    options = _arguments(_variables("tests/variants.tftest.hcl"))
    for name, source, more in (
        ("staging", "staging", {}),
        ("production", "production", {}),
        ("options", "staging", options),
    ):
        environment = load_environments(PROJECT / "deployments/environments.toml", {})[source]
        given = {key: f"{key} = {_hcl(value)}\n" for key, value in root_variables(environment).items()}
        file = (ROOT / f"environments/{source}.tfvars").read_text(encoding="utf-8")
        yield _module(name, "terraform", {**_arguments(file), **given, **more})
    platform = _arguments(_variables("platform/tests/platform.tftest.hcl"))
    given = {name: text for name, text in platform.items() if not name.endswith("_secret_arn")}
    yield _module("platform", "terraform/platform", given)


def _variables(test: str) -> str:
    """Return the variables that a test of Terraform's gives."""
    found = _BLOCK.search((ROOT / test).read_text(encoding="utf-8"))
    assert found, f"{test} gives no variables"
    return textwrap.dedent(found["body"])


def _arguments(text: str) -> dict[str, str]:
    """Return the text of each argument at the margin."""
    return {found["name"]: found[0] for found in _ARGUMENT.finditer(text)}


def _hcl(value: Any) -> str:
    return json.dumps(value).replace("${", "$${").replace("%{", "%%{")


def _module(name: str, source: str, arguments: dict[str, str]) -> str:
    return f'module "{name}" {{\n  source = "./{source}"\n{"".join(arguments.values())}\n}}\n'


def _account(endpoint: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "invented",
        "AWS_SECRET_ACCESS_KEY": "invented",
        "GOGC": "400",  # a quarter less work for processes that live for seconds
    }


def _make_zones(endpoint: str) -> None:
    route53 = boto3.client(
        "route53", REGION, endpoint_url=endpoint, aws_access_key_id="x", aws_secret_access_key="x"
    )
    for zone in ZONES:
        route53.create_hosted_zone(Name=zone, CallerReference=zone)


def _plan(folder: Path, environment: dict[str, str]) -> dict[str, Any]:
    def terraform(*words: str) -> str:
        done = subprocess.run(
            [terraform_binary(), *words],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, f"terraform {words[0]}:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    terraform("init", "-input=false", "-no-color", "-lockfile=readonly")
    terraform("plan", "-input=false", "-no-color", "-out=plan")
    document: dict[str, Any] = json.loads(terraform("show", "-json", "plan"))
    return document
