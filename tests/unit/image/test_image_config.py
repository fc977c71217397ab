"""Whether an application can be started from an image, told from the image alone."""

from typing import Any

import pytest

from pipeline.environment.loader import environment
from pipeline.environment.model import Environment
from pipeline.image.config import ImageConfig, image_faults, port_note, started_command

FILES = {
    "/bin/sh": b"\x7fELF",
    "/usr/bin/python3": b"\x7fELF",
    "/venv/bin/python": b"\x7fELF",
    "/venv/bin/gunicorn": b"#!/venv/bin/python\nimport sys",
    "/app/manage.py": b"#!/usr/bin/env python",
    "/app/start.sh": b"#!/bin/sh\nexec gunicorn",
    "/app/dos.sh": b"#!/bin/sh\r\nexec gunicorn\r\n",
    "/app/bash.sh": b"#!/bin/bash\n",
    "/etc/passwd": b"root:x:0:0:root:/root:/bin/bash\napp:x:999:999::/app:/bin/sh\n",
    "/etc/group": b"root:x:0:\nstaff:x:50:\n",
}
CONFIG = {
    "Cmd": ["gunicorn", "shop.wsgi"],
    "Env": ["PATH=/venv/bin:/usr/bin:/bin", "LANG=C.UTF-8"],
    "WorkingDir": "/app",
    "User": "app",
    "ExposedPorts": {"8000/tcp": {}, "53/udp": {}},
}


def settings(**changes: Any) -> Environment:
    """Return settings that leave everything to the image."""
    document = environment("local").model_dump() | {"container": {}, "django": {}} | changes
    return Environment.model_validate(document)


def faults(changes: dict[str, Any] | None = None, **chosen: Any) -> str:
    """Return what is said of an image that differs from the good one."""
    config = ImageConfig.parse({**CONFIG, **(changes or {})})
    return " ".join(image_faults(config, settings(**chosen), FILES.get))


def test_an_image_is_read() -> None:
    """As Docker and the registry give it; what is absent is as Docker has it."""
    found = ImageConfig.parse(CONFIG)
    assert (found.command, found.path, found.ports) == (
        ("gunicorn", "shop.wsgi"),
        "/venv/bin:/usr/bin:/bin",
        (8000,),
    )
    bare = ImageConfig.parse({"Entrypoint": None, "Cmd": None, "Env": None})
    assert (bare.entrypoint, bare.working_directory, bare.user) == ((), "/", "")
    assert "/usr/bin" in bare.path


GOOD = {
    "as it is": ({}, {}),
    "a shell command": ({"Cmd": ["/bin/sh", "-c", "gunicorn"]}, {}),
    "a command from the settings": ({"Cmd": None}, {"container": {"command": ["gunicorn", "x"]}}),
    "an entry point that is a script": ({"Entrypoint": ["./start.sh"]}, {}),
    "a number that no table knows": ({}, {"container": {"user": "12345:54321"}}),
    "a group by name": ({}, {"container": {"user": "app:staff"}}),
    "management without a script": ({}, {"django": {"manage": ["python3", "-m", "django"]}}),
    "no user at all": ({"User": ""}, {}),
}
BAD = {
    "nothing to start": ({"Cmd": None}, {}, "neither CMD nor ENTRYPOINT"),
    "its base image's command": ({"Cmd": ["python3"]}, {}, "starts python3 alone, its base image's CMD"),
    "a shell's": ({"Cmd": ["/bin/sh"]}, {}, "starts /bin/sh alone"),
    "a program that is not there": (
        {"Cmd": ["gunicornn", "x"]},
        {},
        "no 'gunicornn' on its PATH (/venv/bin:/usr/bin:/bin), which serves",
    ),
    "a path that is not there": ({"Entrypoint": ["/start.sh"]}, {}, "no '/start.sh' in /app"),
    "a script with Windows' line ends": ({"Cmd": ["./dos.sh"]}, {}, "carriage return (CRLF)"),
    "a script for a shell that is not there": (
        {"Cmd": ["./bash.sh"]},
        {},
        "'./bash.sh' is a script for '/bin/bash', which is not there",
    ),
    "a user that is not there": ({"User": "django"}, {}, "no user 'django' (USER in the Dockerfile)"),
    "a user from the settings that is not there": (
        {},
        {"container": {"user": "web"}},
        "no user 'web' (user in the `container` table)",
    ),
    "a group that is not there": ({}, {"container": {"user": "app:web"}}, "knows no group 'web'"),
    "management elsewhere": (
        {"WorkingDir": "/"},
        {},
        "no manage.py in /, which runs management commands. Correct the image, or manage in the `django`",
    ),
    "no interpreter for backups": ({"Env": ["PATH=/venv/bin"]}, {}, "no 'python3' on its PATH"),
    "an entry point of the settings takes CMD away": (
        {},
        {"container": {"entrypoint": ["nothing"]}},
        "no 'nothing'",
    ),
}


@pytest.mark.parametrize(("changes", "chosen"), GOOD.values(), ids=GOOD.keys())
def test_an_image_that_starts(changes: dict[str, Any], chosen: dict[str, Any]) -> None:
    """Nothing is said."""
    assert faults(changes, **chosen) == ""


@pytest.mark.parametrize(("changes", "chosen", "said"), BAD.values(), ids=BAD.keys())
def test_an_image_that_does_not_start(changes: dict[str, Any], chosen: dict[str, Any], said: str) -> None:
    """The fault, and what to set."""
    assert said in faults(changes, **chosen)


def test_a_port_that_nobody_asks_is_remarked() -> None:
    """EXPOSE decides nothing, so it is no fault."""
    assert port_note(ImageConfig(ports=(8080,)), 8000).startswith("The image EXPOSEs 8080")
    assert port_note(ImageConfig(ports=(8000, 9)), 8000) == port_note(ImageConfig(), 8000) == ""


def test_what_a_container_is_started_with() -> None:
    """Docker's rules: an entry point of the definition takes the image's command away."""
    config = ImageConfig(entrypoint=("/start",), command=("serve",))
    assert started_command(config, {}) == ("/start", "serve")
    assert started_command(config, {"command": ["other"]}) == ("/start", "other")
    assert started_command(config, {"entryPoint": ["sh"]}) == ("sh",)
