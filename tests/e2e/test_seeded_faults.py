"""Faults that an operator meets, seeded into the sample application, and the first line that names each.

The table that docs/reliability.md shows. Each row is a deployment through its steps on the local stack.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.fault_proxy import Fault, Request
from support.house import House

pytestmark = [pytest.mark.nightly, pytest.mark.stack, pytest.mark.docker, pytest.mark.timeout(600)]

SEEN = 60
"""Characters that lists and mails surely show."""


@dataclass(frozen=True)
class Seeded:
    """A fault: what is appended to a file, or what takes a text's place in it, and what must be said."""

    file: str
    text: str
    first: str
    """How the state's message begins."""
    then: str
    """What stands further on: the remedy, the place, what was asked."""
    instead: str = ""
    """Text that ``text`` takes the place of; the end of the file when empty."""
    or_first: str = ""
    """How it begins where ECS takes the release back before the gates have come to that."""


_URLS = 'path("", views.overview, name="overview"),'
_HEALTHY = '    report = {"status": "ok", "release": settings.RELEASE, "environment": settings.ENVIRONMENT}\n'
_FAULTY_AFTER = """
    up, ticks = open("/proc/uptime").read().split()[0], open("/proc/1/stat").read().split()[21]
    if float(up) - float(ticks) / 100 > {}:
        return _answer({{}}, 500, "the ledger is locked")
"""
_MIGRATION = """from django.db import migrations
def fail(apps, editor):
    raise RuntimeError("row 17 has no party")
class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunPython(fail, migrations.RunPython.noop)]
"""
_DIES = """
def post_worker_init(worker):
    import os, signal, threading, time
    def die():
        time.sleep(4)
        os.kill(os.getpid(), signal.SIGKILL)
    threading.Thread(target=die, daemon=True).start()
"""

FAULTS = {
    "exits at start": Seeded(
        "gunicorn.conf.py",
        '\nprint("licence server unreachable", file=sys.stderr); sys.exit(3)\n',
        "licence server unreachable",
        "exit code 3",
    ),
    "exit in the settings": Seeded(
        "vimbiso/settings.py",
        '\nimport sys; sys.exit("cannot read the licence file")\n',
        "cannot read the licence file",
        "exit code 1",
    ),
    "syntax error in a model": Seeded(
        "ledger/models.py", "\ndef (:\n", "SyntaxError: invalid syntax", "line"
    ),
    "missing application": Seeded(
        "vimbiso/settings.py",
        '\nINSTALLED_APPS += ["corsheaders"]\n',
        "ModuleNotFoundError: No module named 'corsheaders'",
        "Next: Is corsheaders misspelt, or missing in the image's requirements?",
    ),
    "missing module in a view": Seeded(
        "ledger/views.py",
        "\nimport requests\n",
        "ModuleNotFoundError: No module named 'requests'",
        "Next: Is requests misspelt, or missing in the image's requirements?",
    ),
    "slip in a view": Seeded(
        "ledger/views.py",
        "settings.VERSION",
        "AttributeError: 'Settings' object has no attribute 'VERSION'",
        "views.py, line",
        instead="settings.RELEASE",
    ),
    "view that does not exist": Seeded(
        "vimbiso/urls.py",
        'path("", views.summary, name="overview"),',
        "AttributeError: module 'ledger.views' has no attribute 'summ",
        "urls.py, line",
        instead=_URLS,
    ),
    "unknown instruction": Seeded(
        "Dockerfile", "WORKDIRR /app", "dockerfile parse error", "WORKDIRR", instead="WORKDIR /app"
    ),
    "failing step of the build": Seeded(
        "Dockerfile",
        "WORKDIR /app\nUSER root\nRUN apt-get install -y nosuchpackage",
        "Unable to locate package nosuchpackage",
        "RUN apt-get install -y nosuchpackage",
        instead="WORKDIR /app",
    ),
    "misspelt command": Seeded(
        "Dockerfile",
        'CMD ["gunicornn", "vimbiso.wsgi"]',
        "The image has no 'gunicornn'",
        "was not pushed",
        instead='CMD ["gunicorn", "vimbiso.wsgi"]',
    ),
    "another port": Seeded(
        "gunicorn.conf.py",
        'bind = "0.0.0.0:8001"',
        "Nothing can be reached on port 8000: by its log the applicat",
        "port 8001",
        instead='bind = "0.0.0.0:8000"',
    ),
    "loopback alone": Seeded(
        "gunicorn.conf.py",
        'bind = "127.0.0.1:8000"',
        "Nothing can be reached on port 8000: by its log the applicat",
        "Let it listen on 0.0.0.0:8000",
        instead='bind = "0.0.0.0:8000"',
    ),
    "health hangs": Seeded(
        "ledger/health.py",
        _HEALTHY + "    import time; time.sleep(100)\n",
        "No answer within ",
        "/health/",
        instead=_HEALTHY,
    ),
    "health answers 500": Seeded(
        "ledger/health.py",
        _HEALTHY + "    return _answer(report, 500, 'no contact to the Core API')\n",
        "HTTP 500 (no contact to the Core API) at ",
        "/health/",
        instead=_HEALTHY,
    ),
    "no health path": Seeded(
        "ledger/health.py", 'PATH = "/healthz/"', "HTTP 404", "set health_path", 'PATH = "/health/"'
    ),
    "redirect to HTTPS": Seeded(
        "vimbiso/settings.py",
        "\nMIDDLEWARE.pop(0); SECURE_SSL_REDIRECT = True\nALLOWED_HOSTS = ['*']\n",
        "HTTP 301 to https://",
        "SECURE_REDIRECT_EXEMPT",
    ),
    "refused host": Seeded(
        "vimbiso/settings.py",
        "\nMIDDLEWARE.pop(0); ALLOWED_HOSTS = ['pay.test']\n",
        "HTTP 400",
        "ALLOWED_HOSTS",
    ),
    "failing migration": Seeded(
        "ledger/migrations/0002_fails.py",
        _MIGRATION,
        "RuntimeError: row 17 has no party",
        "migrate --noinput",
    ),
    "version that does not exist": Seeded(
        "Dockerfile",
        "RUN python3 -m venv /venv\nRUN /venv/bin/pip install django==5.2.999",
        "No matching distribution found for django==5.2.999",
        "Next: Correct django==5.2.999 in the requirements.",
        instead="RUN python3 -m venv /venv",
    ),
    "error of a system check": Seeded(
        "ledger/apps.py",
        "\nfrom django.core import checks\n\n@checks.register\ndef look(**_):\n"
        "    return [checks.Error('The fee table is empty.', id='ledger.E001')]\n",
        "(ledger.E001) The fee table is empty.",
        "check --deploy",
    ),
    "health turns bad after two seconds": Seeded(
        "ledger/health.py",
        _HEALTHY + _FAULTY_AFTER.format(2),
        "HTTP 500 (the ledger is locked) at ",
        "/health/",
        _HEALTHY,
    ),
    "health turns bad after six seconds": Seeded(
        "ledger/health.py",
        _HEALTHY + _FAULTY_AFTER.format(6),
        "HTTP 500 (the ledger is locked) at ",
        "/health/",
        _HEALTHY,
        "django.request: Internal Server Error: /health/",
    ),
    "worker that dies": Seeded("gunicorn.conf.py", _DIES, "Its processes die: Worker (pid:", "so far"),
}


@pytest.fixture
def restored(house: House) -> Iterator[Path]:
    """The application's source, which is the sample's again afterwards."""
    house.application.change()
    files = {path: path.read_bytes() for path in house.application.folder.rglob("*") if path.is_file()}
    yield house.application.folder
    for path in house.application.folder.rglob("*"):
        if path.is_file() and path not in files:
            path.unlink()
    for path, content in files.items():
        path.write_bytes(content)


def fails(house: House, first: str, then: str, or_first: str = "", **parameters: str) -> None:
    """Deploy, and look how the failed run ends: by its state and its page alike."""
    good = house.newest_good().release
    run = house.run("deploy-application", **parameters)
    assert run.state_name == "Failed", run.state
    assert run.state is not None
    lines = (run.state.message or "").splitlines()
    begins = [text[:SEEN] for text in (first, or_first) if text]
    assert any(text in lines[0][:SEEN] for text in begins), "\n".join(lines)
    assert then in "\n".join(lines), "\n".join(lines)
    assert not any("Traceback" in line and "prefect" in line for line in house.log(run.id))
    assert lines[1].startswith(f"Runs now: release {good} "), lines[1]
    assert lines[2].startswith("Next: "), lines[2]
    assert lines[0][:SEEN] in house.page("release-local").replace("\\_", "_").replace("&lt;", "<")


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_of_the_source_is_named_first(house: House, restored: Path, fault: Seeded) -> None:
    """What runs and what is next stand in the lines behind it."""
    path = restored / fault.file
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    assert fault.instead in before
    changed = before.replace(fault.instead, fault.text) if fault.instead else before + fault.text
    path.write_text(changed, encoding="utf-8")
    fails(house, fault.first, fault.then, fault.or_first)


def test_a_missing_dockerfile_is_named_first(house: House, restored: Path) -> None:
    """Before anything is built."""
    (restored / "Dockerfile").unlink()
    fails(house, "dockerfile: There is no Dockerfile", "Add it, or correct")


def test_a_secret_without_a_value_is_named_first(house: House, restored: Path) -> None:
    """With the flow that fills it in."""
    with house.without_secret("WHATSAPP_ACCESS_TOKEN"):
        fails(house, "secrets: Without a value in", "WHATSAPP_ACCESS_TOKEN")


@pytest.mark.parametrize(
    ("parameters", "first", "then"),
    [
        ({"ref": "v9"}, "fatal: not a git repository", "The preflight refuses"),
        (
            {"image": f"sha256:{'0' * 64}"},
            "Repository vimbiso-pay-local has no image sha256:",
            "Push it first",
        ),
    ],
    ids=["ref", "image"],
)
def test_what_is_not_there_is_named_first(
    house: House, restored: Path, parameters: dict[str, str], first: str, then: str
) -> None:
    """With what to do about it."""
    fails(house, first, then, **parameters)


@pytest.mark.parametrize(
    ("operation", "code", "said", "first"),
    [
        (
            "RunTask",
            "LimitExceededException",
            "You've reached the limit on the number of vCPUs",
            "LimitExceeded",
        ),
        ("RegisterTaskDefinition", "AccessDeniedException", "User is not authorized", "AccessDenied"),
        ("DescribeImages", "AccessDeniedException", "User is not authorized", "AccessDenied"),
    ],
)
def test_what_aws_refuses_is_named_first(
    house: House, restored: Path, operation: str, code: str, said: str, first: str
) -> None:
    """A quota, or a right that the pipeline's role lacks."""

    def refused(request: Request) -> Fault | None:
        matches = request.operation == operation
        return Fault(400, json.dumps({"__type": code, "message": said})) if matches else None

    with house.through_proxy(refused):
        fails(house, first, said)
