"""The command vimbiso before a real Prefect server: what it says, and what it ends with."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from prefect.client.orchestration import SyncPrefectClient
from pyotp import TOTP
from support.ports import free_port

FLOWS = Path(__file__).with_name("command_line_flows.py")
FLOW = "deploy-application"


@dataclass(frozen=True)
class Desk:
    """A terminal, and the server that it talks to."""

    api: str
    variables: dict[str, str]
    folder: Path

    def type(self, *words: str, piped: str = "") -> subprocess.CompletedProcess[str]:
        """Carry a command out to its end."""
        return subprocess.run(
            _command(words),
            env=self.variables,
            input=piped,
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )

    @contextmanager
    def typed(self, *words: str) -> Iterator["Typed"]:
        """Carry a command out beside us."""
        out = self.folder / "terminal"
        with out.open("wb") as file:
            process = subprocess.Popen(_command(words), env=self.variables, stdout=file, stderr=file)
        try:
            yield Typed(process, out)
        finally:
            process.kill()
            process.wait()


@dataclass(frozen=True)
class Typed:
    """A command that goes on."""

    process: "subprocess.Popen[bytes]"
    out: Path

    @property
    def said(self) -> str:
        """What it has written so far."""
        return self.out.read_text(encoding="utf-8")

    def run_id(self) -> UUID:
        """Return the run that it started."""
        until(lambda: "/flow-run/" in self.said)
        return UUID(re.findall(r"/flow-run/([0-9a-f-]{36})", self.said)[0])


def until(true: Callable[[], bool], seconds: float = 240) -> None:
    """Poll until it is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


def _command(words: tuple[str, ...]) -> list[str]:
    return [str(Path(sys.executable).with_name("vimbiso")), *words]


def _succeeds(url: str) -> bool:
    try:
        return httpx.get(url, timeout=30).is_success
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, prefect_home: Callable[[Path], Path]) -> Iterator[Desk]:
    """A server and a process that serves the flow for staging."""
    folder, port = tmp_path_factory.mktemp("desk"), free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    own = {
        "PREFECT_HOME": str(prefect_home(folder / "prefect")),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",
        "NO_PROXY": "127.0.0.1",
        "COLUMNS": "200",
    }
    made = Desk(own["PREFECT_API_URL"], {**kept, **own}, folder)
    serve = ["-m", "deployments", "stack", "server", "--port", str(port)]
    with ExitStack() as stack:
        stack.enter_context(_process(made, "server", serve))
        until(lambda: _succeeds(f"{made.api}/health"))
        stack.enter_context(_process(made, "flows", [str(FLOWS), "staging"]))
        until(
            lambda: all(
                _succeeds(f"{made.api}/deployments/name/{flow}/staging") for flow in (FLOW, "history")
            )
        )
        yield made


@contextmanager
def _process(desk: Desk, name: str, words: list[str]) -> Iterator[None]:
    with (desk.folder / name).open("wb") as out:
        process = subprocess.Popen([sys.executable, *words], env=desk.variables, stdout=out, stderr=out)
    try:
        yield
    finally:
        process.terminate()
        process.wait(240)


@pytest.mark.parametrize(
    ("end", "code", "said"),
    [
        ("complete", 0, ["Completed"]),
        ("fail", 1, ["nobody answers"]),
        ("crash", 3, ["Crashed: ", "Start it again"]),
        ("cancel", 4, ["Cancelled: somebody did"]),
    ],
)
def test_the_command_ends_as_its_run_does(desk: Desk, end: str, code: int, said: list[str]) -> None:
    """With a code for each end and the run's own last word."""
    done = desk.type("deploy", "staging", "--ref", end)
    assert (done.returncode, done.stderr) == (code, "")
    assert [words for words in said if words not in done.stdout] == []


def test_a_failure_is_told_without_stack_traces(desk: Desk) -> None:
    """Prefect logs them several times; --verbose shows them."""
    said = desk.type("deploy", "staging", "--ref", "fail").stdout
    assert "Traceback" not in said
    assert said.count("nobody answers") == 1
    assert "Traceback" in desk.type("run", FLOW, "staging", "--ref", "fail", "--verbose").stdout


def test_an_error_of_ours_has_no_stack_trace_at_all(desk: Desk) -> None:
    """The run fails, and its last word begins with the cause; a defect's trace is kept, see above."""
    done = desk.type("run", FLOW, "staging", "--ref", "refuse", "--verbose")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "Failed: The disk is full. Free some."
    assert "Traceback" not in done.stdout


def test_a_verb_that_asks_prints_what_its_steps_found(desk: Desk) -> None:
    """Nobody has to open the UI to read the history."""
    done = desk.type("history", "staging")
    assert (done.returncode, done.stderr) == (0, "")
    assert "release 1 runs now" in done.stdout
    assert "Finished in state" not in done.stdout


@pytest.mark.parametrize(("verb", "code"), [("approve", 0), ("refuse", 1)])
def test_a_run_that_waits_for_a_person_is_followed_to_its_end(desk: Desk, verb: str, code: int) -> None:
    """What it asks is shown, and how to answer; the answer is for that and nothing else, and is followed."""
    with desk.typed("deploy", "staging", "--ref", "ask") as typed:
        run = str(typed.run_id())
        until(lambda: "by: vimbiso approve staging" in typed.said)
        assert typed.process.poll() is None
        assert re.search(r"## 1 to add\n\nNo approver (.|\n)*open until \d\d:\d\d UTC\.", typed.said)
        command = f"vimbiso {verb} staging {run} --key a-plan --by YOUR-NAME"
        for shown in (desk.type("approve", "staging"), desk.type("approve", "staging", run)):
            assert ("## 1 to add" in shown.stdout, command in shown.stdout) == (True, True)
        (waits,) = json.loads(desk.type("approve", "staging", "--json").stdout)
        assert (waits["id"], waits["key"]) == (run, "a-plan")
        unknown = desk.type(verb, "staging", str(UUID(int=0)), "--by", "ann")
        assert (unknown.returncode, "vimbiso approve staging" in unknown.stderr) == (2, True)
        another = desk.type(verb, "staging", run, "--by", "ann", "--key", "a-plan-of-before")
        assert (another.returncode, "Nothing was decided" in another.stderr) == (2, True)
        decided = desk.type(verb, "staging", run, "--by", "ann", "--note", "looked at it")
        assert decided.returncode == 0, decided.stderr
        assert re.search(rf"## 1 to add(.|\n)*{verb}d by ann", decided.stdout)
        assert typed.process.wait(120) == code, typed.said
    assert json.loads(desk.type("approve", "staging", "--json").stdout) == []


def _enrol(desk: Desk, name: str) -> str:
    """Enrol an approver at a terminal, with the first code of the key that is shown; return the key."""
    ours, theirs = pty.openpty()
    command = _command(("approver", "staging", name))
    with subprocess.Popen(
        command, env=desk.variables, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        said = ""
        while "One-time code of" not in said:
            said += os.read(ours, 1024).decode(errors="ignore")
        key = re.findall("key there: ([A-Z2-7]{32})", said)[0]
        os.write(ours, f"{TOTP(key).now()}\n".encode())
    assert process.returncode == 0
    return str(key)


def test_an_approver_is_enrolled_and_proves_it(desk: Desk) -> None:
    """The key is shown on a terminal alone; the code is asked for apart from the words of the command."""
    shown = desk.type("approver", "staging", "ann")
    assert (shown.returncode, "on a terminal alone" in shown.stderr, shown.stdout) == (2, True, "")
    key = _enrol(desk, "ann")
    assert desk.type("approver", "staging").stdout.strip().endswith("Enrolled: ann.")
    with desk.typed("deploy", "staging", "--ref", "ask") as typed:
        run = str(typed.run_id())
        until(lambda: "by: vimbiso approve staging" in typed.said)
        command = ("approve", "staging", run, "--by", "ann")
        assert "It checks the code" in desk.type(*command, piped="not yet\n").stdout
        until(lambda: "The code was wrong" in desk.type("approve", "staging").stdout)
        code = TOTP(key).at(time.time(), counter_offset=1)  # the present one has enrolled
        assert desk.type(*command, piped=f"{code}\n").returncode == 0
        assert typed.process.wait(120) == 0, typed.said
    until(lambda: "decided by ann (code checked)" in desk.type("logs", "staging", FLOW).stdout)
    gone = desk.type("approver", "staging", "ann", "--remove")
    assert (gone.returncode, "proves nothing" in gone.stdout) == (0, True)


def test_nobody_decides_by_accident(desk: Desk) -> None:
    """The server takes no form without a choice or a name, and none for what does not wait any more."""
    with desk.typed("deploy", "staging", "--ref", "ask") as typed, SyncPrefectClient(desk.api) as client:
        run = typed.run_id()
        until(lambda: "by: vimbiso approve staging" in typed.said)
        for slip in (
            {"by": "ann"},
            {"decision": "approve", "by": " "},
            {"decision": "approve", "by": "ann", "about": "a-plan-of-before"},
        ):
            assert client.resume_flow_run(run, run_input=slip).status.value == "REJECT"
        assert client.read_flow_run(run).state_name == "Suspended"
        client.resume_flow_run(run, run_input={"decision": "approve", "by": "ann"})
        assert typed.process.wait(120) == 0, typed.said


def test_look_ups_answer_in_json(desk: Desk) -> None:
    """One document on standard output, for other programs."""
    found = desk.type("history", "staging", "--limit", "7", "--json")
    document = json.loads(found.stdout)
    assert (found.returncode, document["state"]) == (0, "Completed")
    assert [item["data"] for item in document["artifacts"]] == [[{"release": "1", "of": 7}]]
    lines = json.loads(desk.type("logs", "staging", "history", "--json").stdout)
    assert "release 1 runs now" in [line["text"] for line in lines]
    status = desk.type("status", "staging", "--json")
    assert status.returncode == 1  # no worker serves, and nothing is registered
    assert json.loads(status.stdout)["runs"][0]["flow"] == "history"


def test_ctrl_c_leaves_the_run_running_and_says_how_to_go_on(desk: Desk) -> None:
    """Whoever looks away has stopped nothing; the same run is found again."""
    there = desk.folder / "there"
    words = ("deploy", "staging", "--ref", "wait", "--image", str(there))
    with desk.typed(*words) as typed, SyncPrefectClient(desk.api) as client:
        run = typed.run_id()
        until(lambda: "take_a_step" in typed.said)
        typed.process.send_signal(signal.SIGINT)
        assert typed.process.wait(200) == 130
        assert f"vimbiso logs staging {FLOW} --follow" in typed.said
        assert f"prefect flow-run cancel {run}" in typed.said
        assert client.read_flow_run(run).state_name == "Running"
        with desk.typed("logs", "staging", FLOW, "-f") as again:
            until(lambda: str(run) in again.said)
            there.touch()
            assert again.process.wait(120) == 0, again.said
        assert client.read_flow_run(run).state_name == "Completed"


@pytest.mark.parametrize(
    "words",
    [("run", "backup-state", "staging"), ("deploy", "production"), ("deploy", "staging", "--verify-only")],
)
def test_what_cannot_be_started_is_told(desk: Desk, words: tuple[str, ...]) -> None:
    """Not registered, or not with these parameters: in a sentence, without a stack trace."""
    done = desk.type(*words)
    assert done.returncode == 2
    assert done.stderr
    assert "Traceback" not in done.stderr
