"""What can be typed, and what comes of it."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from prefect import Flow
from prefect.flows import load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema

from deployments.cli import app as command
from deployments.cli import verbs
from deployments.cli.declared import FLOWS, environment_names
from deployments.cli.server import NOT_STARTED, server_of
from deployments.prefect_file import entries
from pipeline.environment.files import PROJECT
from pipeline.environment.loader import environment, environments

ENTRYPOINTS = sorted({entry.entrypoint for entry in entries(environment("local"))})
DAILY = ["doctor", "deploy", "rollback", "history", "diagnose", "backup", "restore"]
Started = list[tuple[Any, ...]]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    """What is started instead of a flow."""
    found: Started = []
    monkeypatch.setattr(verbs, "start_flow", lambda *words: found.append(words) or 0)
    return found


def typed(*words: str) -> int:
    """Carry a command out in this process."""
    return int(command.app(words, result_action="return_value"))


def refused(
    words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[Any, str]:
    """Return the exit code, and what was said."""
    monkeypatch.setattr(sys, "argv", ["vimbiso", *words.split()])
    with pytest.raises(SystemExit) as caught:
        command.main()
    return caught.value.code, capsys.readouterr().err


def flow_of(entrypoint: str) -> Flow[..., object]:
    """Import a flow."""
    return load_flow_from_entrypoint(str(PROJECT / entrypoint), use_placeholder_flow=False)


def help_of(words: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> str:
    """Return a help page as one line."""
    monkeypatch.setenv("COLUMNS", "300")
    command.app([*words, "--help"], result_action="return_value")
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("verb", DAILY)
def test_a_daily_verb_starts_a_flow_that_exists(verb: str, started: Started) -> None:
    """It is one of prefect.yaml's."""
    assert typed(verb, "staging") == 0
    ((flow, environment, parameters, *_),) = started
    assert flow in {flow_of(entrypoint).name for entrypoint in ENTRYPOINTS}
    assert (environment, parameters) == ("staging", {})


def test_only_what_was_typed_is_sent(started: Started) -> None:
    """Defaults are the deployment's; values have the flow's types, and a ref of digits stays a text."""
    typed("deploy", "staging", "--ref", "2024", "--no-migrate", "--json")
    typed("run", "cleanup-ecr", "local", "--keep-newest=3", "--verbose")
    typed("run", "deploy-infrastructure", "local", "--allow-loss", "a", "--allow-loss", "b")
    typed("restart", "staging")
    assert started == [
        ("deploy-application", "staging", {"ref": "2024", "migrate": False}, False, True),
        ("cleanup-ecr", "local", {"keep_newest": 3}, True, False),
        ("deploy-infrastructure", "local", {"allow_loss": ["a", "b"]}, False, False),
        ("sync-secrets", "staging", {"restart": True}, False, False),
    ]


@pytest.mark.parametrize("entrypoint", ENTRYPOINTS)
def test_help_tells_the_flows_own_parameters(
    entrypoint: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with its default and meaning, as the imported flow has them."""
    flow = flow_of(entrypoint)
    page = help_of(("run", flow.name), capsys, monkeypatch)
    for name, item in parameter_schema(flow).properties.items():
        option = "ENVIRONMENT" if name == "environment" else f"--{name.replace('_', '-')}"
        assert f" {option} " in page
        assert " ".join(item["description"].split()).replace("`", "") in page.replace("`", "")
        if item.get("default") not in (None, "", [], False):
            assert f"[default: {item['default']}]" in page
    assert FLOWS.keys() == {flow_of(other).name for other in ENTRYPOINTS}


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        ("deply staging", '"deploy"'),
        ("run verify-helth staging", '"verify-health"'),
        ("deploy stagin", '"staging"'),
        ("register local stagin", '"staging"'),
        ("deploy staging --reff v1", "--ref"),
        ("deploy staging ref=v1", "--ref=v1?"),
        ("logs staging deploy-aplication", '"deploy-application"'),
        ("completion bahs", '"bash"'),
        ("history staging --limit 0", "--limit"),
        ("logs staging -f --json", "--json"),
        ("run destroy staging", "--confirm"),
        ("approve staging --by ann", "vimbiso approve staging RUN"),
    ],
)
def test_a_slip_is_answered_with_the_nearest(
    words: str, nearest: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is started, and the exit code says so."""
    code, told = refused(words, monkeypatch, capsys)
    assert code == 2
    assert nearest in told


def test_where_there_is_no_local_stack_an_environment_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in the pipeline's own image, which does without its code."""
    monkeypatch.setattr(verbs, "HAS_STACK", False)
    code, told = refused("status", monkeypatch, capsys)
    assert (code, "Which environment?" in told) == (2, True)


def test_no_secret_is_typed() -> None:
    """Others see the command line: ps, the shell's history."""
    named = [name for declared in FLOWS.values() for name in declared.__annotations__]
    assert [name for name in named if re.search("secret|password|token|key", name)] == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_verbs_flows_and_environments(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The script knows them all."""
    command.app(["completion", shell], result_action="return_value")
    script = capsys.readouterr().out
    assert [
        name for name in (*DAILY, *FLOWS, *environments(), "--ref") if name.strip("-") not in script
    ] == []


@pytest.mark.parametrize(
    ("words", "completed"), [("de", "deploy"), ("deploy st", "staging"), ("deploy staging --re", "--ref")]
)
def test_bash_completes_what_was_begun(
    words: str, completed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the shell asks the script."""
    command.app(["completion", "bash"], result_action="return_value")
    asked = (
        f'COMP_WORDS=(vimbiso {words}); COMP_CWORD={len(words.split())}; _vimbiso; echo "${{COMPREPLY[@]}}"'
    )
    script = f"{capsys.readouterr().out}\n{asked}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert completed in done.stdout.split()


@pytest.mark.parametrize("text", ["not TOML", "[other]", None])
def test_a_broken_file_of_environments_is_left_to_its_loader(
    text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which tells all that is wrong with it; help and the local stack work meanwhile."""
    file = tmp_path / "environments.toml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("VIMBISO_ENVIRONMENTS", str(file))
    assert environment_names() == ()
    with pytest.raises(SystemExit, match=str(NOT_STARTED)), server_of("local"):
        pass


def test_nothing_heavy_is_imported_for_what_needs_it_not() -> None:
    """Help, a slip or the local stack's status would take seconds; and Prefect would miss its settings."""
    heavy = "{'prefect', 'pydantic', 'boto3', 'docker', 'httpx'}"
    code = f"import sys, deployments.cli.app; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_whoever_has_read_enough_sees_no_stack_trace(
    unbuffered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with `vimbiso logs staging | head`."""
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    command_line = [sys.executable, "-m", "deployments", "status", "--json"]
    with subprocess.Popen(command_line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1


def test_the_version_is_the_projects(capsys: pytest.CaptureFixture[str]) -> None:
    """As pyproject.toml has it."""
    command.app(["--version"], result_action="return_value")
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{capsys.readouterr().out.strip()}"' in text


def _make(*words: str) -> subprocess.CompletedProcess[str]:
    shell = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL"}}
    command = ["make", "-n", *words]
    return subprocess.run(command, cwd=PROJECT, env=shell, capture_output=True, text=True, check=False)


def test_make_refuses_a_variable_that_it_does_not_know() -> None:
    """`make deploy ENV=staging` would deploy to the local stack."""
    done = _make("deploy", "ENV=staging")
    assert done.returncode == 2
    assert "There is no variable ENV;" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "typed_then"),
    [
        (["deploy", "E=staging", "REF=v1"], "deploy staging --ref v1"),
        (["restore", "P=in_place=true confirm=local"], "restore local --in_place=true --confirm=local"),
        (["logs", "P=application --lines 3"], "logs local application --lines 3"),
        (["status"], "status"),
        (["register", "E=staging production"], "register staging production"),
        (["down"], "down --engine"),
    ],
)
def test_make_is_a_short_door(words: list[str], typed_then: str) -> None:
    """Its variables become words of the command line."""
    last = _make(*words).stdout.splitlines()[-1]
    assert " ".join(last.partition("vimbiso ")[2].split()) == typed_then


def test_an_underscore_is_as_good_as_a_dash(started: Started) -> None:
    """Parameters may be typed as the flow spells them, which is what make hands on."""
    typed("restore", "local", "--in_place=true", "--confirm=local")
    assert started[0][2] == {"in_place": True, "confirm": "local"}
