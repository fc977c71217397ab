"""The embedded stack comes up, stays up, fixes itself and goes away without a trace."""

import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest
from stack_commands import Stack, until

from deployments.local.stack.environment import child_environment
from deployments.local.stack.settings import REGION

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]


def test_starting_twice_is_harmless_and_quick(stack: Stack) -> None:
    """The second start finds the very same processes and takes less than a second of work."""
    first = stack.up()
    began = time.monotonic()
    second = stack.up()
    assert first == second
    assert time.monotonic() - began < 3, "a second is the goal; the rest is for a busy machine"


def test_the_prefect_ui_is_served(stack: Stack) -> None:
    """A person finds the UI at the address that the command names."""
    stack.up()
    assert "<html" in httpx.get(stack.settings.prefect_url, timeout=10, follow_redirects=True).text


@pytest.mark.parametrize("name", ["aws", "prefect", "worker", "webhook"])
def test_a_killed_process_is_started_again(stack: Stack, name: str) -> None:
    """After kill -9 of one process `up` starts that one and leaves the others alone."""
    before = stack.up()
    os.kill(before[name], signal.SIGKILL)
    after = stack.up()
    assert after[name] != before[name]
    assert {key: pid for key, pid in after.items() if key != name} == {
        key: pid for key, pid in before.items() if key != name
    }


def test_state_survives_a_restart_in_order(stack: Stack) -> None:
    """An object in S3 and a parameter in SSM are there again after down and up."""
    stack.up()
    _write(stack, "kept")
    assert stack.run("down").returncode == 0
    stack.up()
    assert _read(stack) == ("kept", "kept")


def test_state_survives_a_kill_of_the_emulator(stack: Stack) -> None:
    """What was written a little while before kill -9 of the emulator is there again."""
    before = stack.up()
    _write(stack, "survivor")
    saved = stack.settings.state / "aws/services/ssm.json"
    until(lambda: saved.exists() and "survivor" in saved.read_text())
    os.kill(before["aws"], signal.SIGKILL)
    stack.up()
    assert _read(stack) == ("survivor", "survivor")


def test_down_leaves_nothing(stack: Stack) -> None:
    """After down no process carries the stack's mark, and down again is harmless."""
    stack.up()
    assert stack.run("down").returncode == 0
    assert stack.living() == []
    assert stack.run("down").returncode == 0
    assert stack.run("status").returncode == 3


def test_down_clears_up_after_a_killed_start(stack: Stack) -> None:
    """When the starting command is killed by -9, down still finds and stops what it had started."""
    starting = subprocess.Popen(
        [sys.executable, "-m", "deployments", "up"],
        env=dict(stack.variables),
        stderr=subprocess.DEVNULL,
    )
    until(lambda: len(stack.living()) >= 2)
    starting.kill()
    starting.wait()
    assert stack.run("down").returncode == 0
    assert stack.living() == []


def test_a_taken_port_is_named_with_its_holder(stack: Stack) -> None:
    """The error names the port, who holds it and the variable to set; nothing has been started."""
    stack.run("down")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", stack.settings.prefect_port))
        other.listen()
        done = stack.run("up")
    assert done.returncode == 1
    for word in (f"Port {stack.settings.prefect_port}", f"pid {os.getpid()}", "VIMBISO_PREFECT_PORT="):
        assert word in done.stderr
    assert stack.living() == []


def test_a_process_that_ends_at_once_is_reported_with_its_log(stack: Stack) -> None:
    """A Prefect server that cannot start is reported with the last lines it wrote."""
    stack.run("down")
    database = stack.settings.state / "prefect/prefect.db"
    kept = database.with_suffix(".kept")
    database.replace(kept)
    database.mkdir()
    try:
        done = stack.run("up")
    finally:
        stack.run("down")
        database.rmdir()
        kept.replace(database)
    assert done.returncode == 1
    assert "'prefect' ended while it was starting" in done.stderr
    assert "unable to open database file" in done.stderr


def test_the_users_own_prefect_settings_stay_out(stack: Stack) -> None:
    """Whatever PREFECT_API_URL the shell has, ours wins."""
    variables = child_environment(
        stack.settings, {"PREFECT_API_URL": "http://elsewhere/api", "PREFECT_PROFILE": "x"}
    )
    assert variables["PREFECT_API_URL"] == f"{stack.settings.prefect_url}/api"
    assert "PREFECT_PROFILE" not in variables


def _write(stack: Stack, text: str) -> None:
    s3 = stack.client("s3")
    if "e2e" not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket="e2e", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="e2e", Key="object", Body=text.encode())
    stack.client("ssm").put_parameter(Name="/e2e/parameter", Value=text, Type="String", Overwrite=True)


def _read(stack: Stack) -> tuple[str, str]:
    body = stack.client("s3").get_object(Bucket="e2e", Key="object")["Body"].read().decode()
    parameter = stack.client("ssm").get_parameter(Name="/e2e/parameter")
    return body, parameter["Parameter"]["Value"]
