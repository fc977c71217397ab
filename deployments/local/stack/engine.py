"""Makes sure of a Docker engine: a reachable one, else one that this machine can be given."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import docker
from docker.errors import DockerException

from deployments.local.setup.paths import TOOLS, SetupError
from deployments.local.stack.children import last_lines, open_log
from deployments.local.stack.processes import MARK, NAME, marked, stop

_OWNER = str(TOOLS / "dockerd")
_LOG = TOOLS / "logs/dockerd.log"
_DEADLINE = 60.0


def ensure_engine() -> None:
    """Return when a Docker engine answers.

    DOCKER_HOST is honoured. As root on Debian or Ubuntu docker.io is installed and dockerd started; anybody
    else is told what to type.

    Raises:
        SetupError: with the command to type.
    """
    problem = _ping()
    if problem is None:
        return
    if os.environ.get("DOCKER_HOST") or os.geteuid() != 0:
        raise SetupError(advice(problem, installed=bool(shutil.which("dockerd"))))
    if not shutil.which("dockerd"):
        _install()
    _start()


def stop_engine() -> bool:
    """Stop the dockerd that :func:`ensure_engine` started, and no other; returns whether there was one."""
    was_ours = bool(marked(_OWNER))
    stop(_OWNER, lambda _: True, 30.0)
    return was_ours


def advice(problem: str, *, installed: bool) -> str:
    """Say in one line what to type when no engine answers, by what the SDK complained of."""
    host = os.environ.get("DOCKER_HOST")
    if host:
        return f"No Docker engine answers at DOCKER_HOST={host}. Start it, or type: unset DOCKER_HOST"
    if "Permission denied" in problem:
        return "The Docker engine refuses this user. Type: sudo usermod -aG docker $USER && newgrp docker"
    if installed:
        return "The Docker engine does not run. Type: sudo systemctl start docker"
    return "There is no Docker engine. Type: sudo apt-get install docker.io && sudo usermod -aG docker $USER"


def _ping() -> str | None:
    """Return why no engine answers; None when one does."""
    try:
        docker.from_env(timeout=10).ping()
    except DockerException as error:
        return str(error)
    return None


def _install() -> None:
    if not shutil.which("apt-get"):
        raise SetupError(
            "There is no Docker engine. Install Docker for your distribution, then run this again."
        )
    print("Installing the Docker engine (docker.io) ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (("update", "-qq"), ("install", "-y", "-qq", "--no-install-recommends", "docker.io")):
        done = subprocess.run(  # noqa: S603 - our own command
            ["apt-get", *words],  # noqa: S607 - the distribution's, wherever it is
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SetupError(
                f"docker.io could not be installed: {done.stderr.strip()[-400:]} "
                "Type: apt-get update && apt-get install docker.io"
            )


def _start() -> None:
    """Start the engine by systemd where that runs the machine, else as a process that we can stop again."""
    print("Starting the Docker engine ...", flush=True)
    if Path("/run/systemd/system").is_dir():
        subprocess.run(["systemctl", "start", "docker"], check=False)  # noqa: S607 - root's own command
    elif not marked(_OWNER):
        _spawn()
    until = time.monotonic() + _DEADLINE
    while (problem := _ping()) is not None:
        if time.monotonic() > until:
            raise SetupError(f"dockerd did not answer: {problem}. Last lines of {_LOG}:\n{last_lines(_LOG)}")
        time.sleep(0.2)


def _spawn() -> None:
    with open_log(_LOG).open("ab") as log:
        subprocess.Popen(
            ["dockerd"],  # noqa: S607 - the distribution's, wherever it is
            env={**os.environ, MARK: _OWNER, NAME: "dockerd"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
