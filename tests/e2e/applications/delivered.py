"""Four applications unlike the sample, how each is configured wrongly, and what is done with each."""

import re
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from uuid import UUID

import docker
import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun
from stack_commands import Stack
from support.application import Application
from support.house import House
from support.images import remove_images
from support.settings import stack_settings

from deployments.local.base_image import ensure_base_image
from deployments.local.stack.environment import child_environment
from deployments.local.stack.folders import prepare
from deployments.local.stack.secrets import PREFECT_PASSWORD, read
from deployments.paths import PROJECT

EXAMPLES = PROJECT / "examples"
_REDIS = "vimbiso/redis:test"
_BUILT = ("bootstrap-state", "deploy-infrastructure", "sync-secrets")
_HELPERS = 120.0
"""Seconds in which what was written must be seen through the load balancer."""


@dataclass(frozen=True)
class Fixture:
    """One application: what is wrong with it at first, and what is said of that."""

    wrong: tuple[str, str]
    """Text of its configuration, and what stands there at first."""
    said: str
    line: str = ""
    """What its settings lack at first."""
    settings: str = ""
    views: str = ""
    secure: bool = False
    """Whether it wants HTTPS, which ends at the load balancer."""


APPLICATIONS = {
    "notes": Fixture(
        wrong=("", ""),
        said="Database 'default' is /code/db.sqlite3, inside the container",
        line="import os; DATABASES['default']['NAME'] = "
        "os.environ.get('DATABASE_PATH') or '/var/lib/notes/db.sqlite3'",
        settings="notes/settings.py",
        views="board/views.py",
    ),
    "queue": Fixture(
        wrong=('command = ["sh", "-c", "exec gunicorn --bind 0.0.0.0:$PORT --workers 2 shop.wsgi"]\n', ""),
        said="The image starts python3 alone, its base image's CMD, so nothing would serve.",
        settings="shop/settings.py",
        views="jobs/views.py",
    ),
    "chat": Fixture(
        wrong=('django = { settings_module = "config.settings.production" }\n', ""),
        said="Database 'default' is /usr/src/chat/development.sqlite3, inside the container",
        settings="src/config/settings/production.py",
        views="src/talk/views.py",
        secure=True,
    ),
    "kiosk": Fixture(
        wrong=('"/state/till.db", "/state/journal.db"', '"/state/till.db"'),
        said="/state/journal.db is not among the databases that are backed up (/state/till.db)",
        settings="kiosk/settings.py",
        views="till/views.py",
    ),
}


def ensure_redis() -> str:
    """Make a Redis image where none can be pulled; return its name."""
    engine = docker.from_env(timeout=600)
    recipe = (
        f"FROM {ensure_base_image()}\n"
        "RUN apt-get update && apt-get install --yes --no-install-recommends redis-server\n"
    )
    engine.images.build(fileobj=BytesIO(recipe.encode()), tag=_REDIS, rm=True)
    return _REDIS


@dataclass(frozen=True)
class Delivered(House):
    """One of the applications, on the stack that it shares with the others."""

    name: str = ""
    configuration: Path = Path()

    @property
    def fixture(self) -> Fixture:
        """What is special about it."""
        return APPLICATIONS[self.name]

    def end(self, run_id: UUID, seconds: float = 900) -> FlowRun:
        """Wait longer than for one application: four are carried on at once."""
        return super().end(run_id, seconds)

    def ask(self, method: str = "GET", text: str = "") -> httpx.Response:
        """Ask for its rows through the load balancer, as a browser does."""
        scheme = {"X-Forwarded-Proto": "https"} if self.fixture.secure else {}
        return httpx.request(
            method,
            f"{self.stack.settings.aws_url}/rows/",
            content=text,
            headers={"Host": self.outputs.load_balancer_dns, **scheme},
            timeout=60,
            trust_env=False,
        )

    def rows(self) -> int:
        """Return how many rows every one of its tasks sees."""
        seen = {self._count() for _ in range(8)}
        assert len(seen) == 1, seen
        return seen.pop()

    def _count(self) -> int:
        end = time.monotonic() + _HELPERS
        while not (answer := self.ask()).is_success and time.monotonic() < end:
            time.sleep(0.5)
        assert answer.is_success, (answer.status_code, answer.headers, answer.text[:300])
        return int(answer.json()["rows"])

    def write(self, file: str, text: str, *, instead: bool = False) -> str:
        """Add to a file of its source, or write it anew; return what stood there."""
        path = self.application.folder / file
        before = path.read_text(encoding="utf-8")
        path.write_text(text if instead else f"{before}\n{text}\n", encoding="utf-8")
        return before

    def configure(self, *, rightly: bool) -> None:
        """Write its folder of configuration, and register it."""
        right = (EXAMPLES / "configuration" / self.name / "environments.toml").read_text(encoding="utf-8")
        text = right.replace(f"examples/{self.name}", str(self.application.folder))
        assert self.fixture.wrong[0] in text
        file = self.configuration / "environments.toml"
        file.write_text(text if rightly else text.replace(*self.fixture.wrong), encoding="utf-8")
        self.register()

    def story(self) -> list[str]:
        """Carry it through everything; return what was said of its faults."""
        refused = self.fail("deploy-application")
        assert not self.releases.newest_good()
        self.configure(rightly=True)
        self.complete("deploy-infrastructure")
        if self.fixture.line:
            self.write(self.fixture.settings, self.fixture.line)
        self.complete("deploy-application")
        self._keeps_its_rows()
        broken = self._breaks()
        self._goes_back()
        return [refused, broken]

    def _keeps_its_rows(self) -> None:
        assert self.rows() == 0
        for text in ("one", "two"):
            assert self.ask("POST", text).is_success
        assert self.rows() == 2
        self.write(self.fixture.views, "# The next release.")
        self.complete("deploy-application")
        assert self.rows() == 2
        self.complete("backup-sqlite")
        self.complete("drill-restore")

    def _breaks(self) -> str:
        running = self.newest_good().task_definition
        before = self.write(self.fixture.views, "import nothing_of_that_name")
        broken = self.fail("deploy-application")
        assert self.service().task_definition == running
        assert self.rows() == 2
        self.write(self.fixture.views, before, instead=True)
        return broken

    def _goes_back(self) -> None:
        second = self.newest_good().release
        self.complete("rollback-application")
        assert self.newest_good().release != second
        assert self.newest().kind == "rollback"
        assert self.rows() == 2


@contextmanager
def delivering(
    folder: Path, ports: tuple[int, int, int], redis: str, names: list[str]
) -> Iterator[dict[str, Delivered]]:
    """Put up a stack, configure the applications wrongly, and build infrastructure for each."""
    settings = stack_settings(folder / "state", *ports)
    prepare(settings)  # makes the password that the environment holds
    variables = child_environment(settings) | {
        "VIMBISO_APPLICATIONS": str(folder / "configuration"),
        "BASE_IMAGE": ensure_base_image(),
        "REDIS_IMAGE": redis,
    }
    stack = Stack(settings, variables)
    shutil.copytree(EXAMPLES / "configuration", folder / "configuration")
    try:
        stack.up()
        with ExitStack() as opened:
            opened.callback(remove_images, settings.aws_port)
            places = {name: _place(folder, stack, name, opened) for name in names}
            for place in places.values():
                place.configure(rightly=False)
            with ThreadPoolExecutor(len(places)) as pool:
                list(pool.map(_build, places.values()))
            yield places
    finally:
        done = stack.run("clean")
        assert done.returncode == 0, done.stderr


def _place(folder: Path, stack: Stack, name: str, opened: ExitStack) -> Delivered:
    source = folder / "sources" / name
    shutil.copytree(EXAMPLES / name, source, ignore=shutil.ignore_patterns("__pycache__"))
    password = read(stack.settings, PREFECT_PASSWORD)
    client = opened.enter_context(
        SyncPrefectClient(f"{stack.settings.prefect_url}/api", auth_string=password)
    )
    return Delivered(
        stack,
        Application(source),
        client,
        folder / "calls.jsonl",
        f"{name}-local",
        name,
        name=name,
        configuration=folder / "configuration" / name,
    )


def _build(place: Delivered) -> None:
    for flow in _BUILT:
        place.complete(flow)


def cause(text: str) -> str:
    """Return a text in one line, for a search across its line breaks."""
    return re.sub(r"\s+", " ", text)
