"""The stack is nobody else's door: not the network's, not a web page's, not a container's."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import docker
import httpx
import pytest
from stack_commands import Stack

from deployments.local.base_image import ensure_base_image
from deployments.local.stack.emulator import Bridge, find_bridge
from deployments.local.stack.guard import CONTAINER_HOST
from deployments.local.stack.processes import marked

pytestmark = [pytest.mark.stack, pytest.mark.docker, pytest.mark.timeout(400)]
HERE, THERE = "10.213.77.1", "10.213.77.2"
EVIL = {"Origin": "https://evil.example"}
_LISTENING = "0A"
_CONNECT = """
import socket, sys
for target in sys.argv[1:]:
    address, port = target.split(":")
    with socket.socket() as probe:
        probe.settimeout(2)
        if probe.connect_ex((address, int(port))) == 0:
            print(target)
"""
_CALL_LAMBDA = """
import sys, urllib.error, urllib.request
headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/af-south-1/lambda/aws4_request"}
try:
    request = urllib.request.Request(f"http://{sys.argv[1]}/2015-03-31/functions", b"{}", headers)
    print(urllib.request.urlopen(request, timeout=10).status)
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
"""


@pytest.fixture
def bridge() -> Bridge:
    """This machine's end of the containers' network."""
    found = find_bridge()
    assert found is not None
    return found


@pytest.fixture
def neighbour(bridge: Bridge) -> Iterator[list[str]]:
    """The words that run a command on another host, which sends what is for containers here, too."""
    if os.geteuid() != 0:
        pytest.skip("only root can make a network namespace")
    name = f"stranger-{os.getpid()}"
    inside = ["ip", "netns", "exec", name]
    try:
        _ip(f"netns add {name}")
        _ip(f"link add stranger0 type veth peer name stranger1 netns {name}")
        _ip(f"addr add {HERE}/24 dev stranger0")
        _ip("link set stranger0 up")
        _ip(f"-n {name} addr add {THERE}/24 dev stranger1")
        _ip(f"-n {name} link set stranger1 up")
        _ip(f"-n {name} route add default via {HERE}")
        yield inside
    finally:
        subprocess.run(["ip", "link", "delete", "stranger0"], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


@pytest.mark.holds("host neighbour", "reach")
def test_from_another_host_no_port_of_the_stack_answers(
    stack: Stack, neighbour: list[str], bridge: Bridge
) -> None:
    """Neither at this machine's address nor at that of the containers' network, whoever of it listens."""
    stack.up()
    ports = _listening(stack)
    assert {stack.settings.aws_port, stack.settings.prefect_port, stack.settings.webhook_port} <= ports
    targets = [f"{address}:{port}" for address in (HERE, bridge.address) for port in sorted(ports)]
    with httpx.Client(trust_env=False) as local:
        assert local.get(f"{stack.settings.aws_url}/_ministack/health").is_success
    assert _run([*neighbour, sys.executable, "-c", _CONNECT, *targets]) == ""


@pytest.mark.holds("host neighbour", "reach")
def test_a_neighbour_would_be_seen(neighbour: list[str]) -> None:
    """The test above can fail: what listens on every address is reached from there."""
    server = subprocess.Popen(
        [sys.executable, "-m", "http.server", "--bind", HERE, "0"],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert server.stdout is not None
        port = server.stdout.readline().decode().split(" port ")[1].split()[0]
        assert _run([*neighbour, sys.executable, "-c", _CONNECT, f"{HERE}:{port}"]) == f"{HERE}:{port}"
    finally:
        server.kill()
        server.wait()


@pytest.mark.holds("people", "reach")
@pytest.mark.holds("host neighbour", "start")
@pytest.mark.holds("host neighbour", "approve")
@pytest.mark.holds("web page on the operator's machine", "read")
@pytest.mark.holds("web page on the operator's machine", "start")
@pytest.mark.holds("web page on the operator's machine", "approve")
def test_a_web_page_gets_nothing_of_prefect(stack: Stack) -> None:
    """A page of another origin may neither ask nor read, and without the password nobody may."""
    stack.up()
    url = f"{stack.settings.prefect_url}/api/block_documents/filter"
    asks = {**EVIL, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    with httpx.Client(trust_env=False, timeout=30) as page:
        assert page.options(url, headers=asks).status_code == 400
        simple = page.post(url, headers=EVIL, content='{"include_secrets": true}')
        assert (simple.status_code, simple.headers.get("access-control-allow-origin")) == (401, None)
        known = page.post(url, headers=EVIL, json={}, auth=stack.auth)
        assert (known.status_code, known.headers.get("access-control-allow-origin")) == (200, None)


@pytest.mark.holds("web page on the operator's machine", "reach")
@pytest.mark.holds("web page on the operator's machine", "read")
def test_a_web_page_gets_nothing_of_the_emulated_aws(stack: Stack) -> None:
    """Neither by its own origin nor by a name that it lets resolve to this machine."""
    stack.up()
    query = f"{stack.settings.aws_url}/?Action=ListUsers"
    with httpx.Client(trust_env=False, timeout=30) as page:
        assert page.post(query).status_code == 200
        assert page.post(query, headers=EVIL).status_code == 403
        assert page.post(query, headers={"Host": "rebound.evil.example"}).status_code == 403


@pytest.mark.holds("application container", "start")
def test_a_container_cannot_call_lambda(stack: Stack, bridge: Bridge) -> None:
    """By no name of this machine; and where it may be called, on this machine, there is none."""
    stack.up()
    port = stack.settings.aws_port
    for name in (CONTAINER_HOST, bridge.address):
        answer = docker.from_env().containers.run(
            ensure_base_image(),
            ["python3", "-c", _CALL_LAMBDA, f"{name}:{port}"],
            extra_hosts={CONTAINER_HOST: "host-gateway"},
            remove=True,
        )
        assert answer.decode().strip() == "403 Containers may use presigned S3 URLs only."
    there = _run([sys.executable, "-c", _CALL_LAMBDA, f"127.0.0.1:{port}"])
    assert there.startswith("4"), there


@pytest.mark.holds("host neighbour", "read")
def test_other_users_cannot_look_into_the_state(stack: Stack) -> None:
    """Database, keys and emulated buckets lie behind a folder that only its owner enters."""
    stack.up()
    assert stack.settings.state.stat().st_mode & 0o777 == 0o700


def _ip(words: str) -> None:
    subprocess.run(["ip", *words.split()], check=True, capture_output=True)


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.strip()


def _listening(stack: Stack) -> set[int]:
    """Return the ports on which any process of the stack listens, by what the kernel says."""
    links = {
        str(entry.readlink())
        for process in marked(str(stack.settings.state))
        for entry in Path(f"/proc/{process.pid}/fd").iterdir()
        if entry.is_symlink()
    }
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path("/proc/net", table).read_text().splitlines()[1:]
    ]
    return {
        int(row[1].rpartition(":")[2], 16)
        for row in rows
        if row[3] == _LISTENING and f"socket:[{row[9]}]" in links
    }
