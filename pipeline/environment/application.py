"""The shape of what differs between applications: container, data, Django, sidecars."""

from pathlib import PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from pipeline.health.codes import HealthCodes

STRICT = ConfigDict(extra="forbid", frozen=True, strict=True)
"""Settings refuse unknown keys and wrong types, and do not change afterwards."""
Text = Annotated[str, StringConstraints(min_length=1)]
UrlPath = Annotated[str, StringConstraints(pattern=r"^/[^\s]*$")]
CodesText = Annotated[str, AfterValidator(lambda text: str(HealthCodes.parse(text)))]
RootedPath = Annotated[str, StringConstraints(pattern=r"^/[^\s:,]*$")]
VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
ContainerName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
User = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_][a-z0-9_.-]*(:[a-z0-9_][a-z0-9_.-]*)?$")]
Condition = Literal["START", "COMPLETE", "SUCCESS", "HEALTHY"]
"""What a container waits for in another one (Amazon ECS API reference, ContainerDependency)."""
Command = Annotated[list[str], Field(min_length=1)]


class ContainerSettings(BaseModel):
    """The application's container; whatever is absent is as the image says."""

    model_config = STRICT

    command: Command | None = None
    """What serves, instead of the image's CMD; with a shell: ``["sh", "-c", "..."]``."""
    entrypoint: Command | None = None
    """Instead of the image's ENTRYPOINT."""
    working_directory: RootedPath | None = None
    """Instead of the image's WORKDIR."""
    user: User | None = None
    """``UID``, ``UID:GID`` or names that the image knows, instead of the image's USER."""
    depends_on: dict[ContainerName, Condition] = {}
    """Sidecars that it waits for before it starts."""
    health_command: Command | None = None
    """Container health check, as ECS has it: ``["CMD-SHELL", "..."]``; absent: the health path is asked."""


class DataSettings(BaseModel):
    """Data that must outlive a task: the data volume and the SQLite databases on it."""

    model_config = STRICT

    path: RootedPath = "/data"
    """Where the data volume is mounted in the application's container."""
    databases: list[RootedPath] = []
    """SQLite database files, the main one first; none where the application has a server's database."""
    volumes: dict[ContainerName, RootedPath] = {}
    """Further volumes that outlive a task, each by its own name, and where they are mounted."""

    @model_validator(mode="after")
    def _on_the_volume(self) -> Self:
        for database in self.databases:
            if PurePosixPath(self.path) not in PurePosixPath(database).parents or ".." in database:
                raise ValueError(
                    f"database {database} is not below the data volume's path {self.path}: it would go with "
                    "its container. Correct databases or path"
                )
        stems = [PurePosixPath(database).stem for database in self.databases]
        if len(set(stems)) < len(stems):
            raise ValueError(f"two databases have one name: {', '.join(stems)}. Backups are kept by name")
        mounts = [PurePosixPath(path) for path in (self.path, *self.volumes.values())]
        for first in mounts:
            if any(first == other or first in other.parents for other in mounts if other is not first):
                raise ValueError(f"{first} has another volume in it; give each volume a folder of its own")
        return self


class DjangoSettings(BaseModel):
    """Commands and settings of the application's Django."""

    model_config = STRICT

    manage: Command = ["python", "manage.py"]
    """What management commands are given to: ``python manage.py``, or ``python -m django``."""
    settings_module: Annotated[str, StringConstraints(pattern=r"^\w+(\.\w+)*$")] | None = None
    """DJANGO_SETTINGS_MODULE of every task, where manage.py or wsgi.py would choose another."""
    migrated_by: Literal["pipeline", "application"] = "pipeline"
    """Who runs migrations: the pipeline before the switch, or the application itself when it starts."""
    migrate: Command | None = None
    """Command that migrates; absent: ``migrate --noinput`` of ``manage``."""
    collect_static: Command | None = None
    """Command that publishes static files before the switch; absent where the image has them."""
    smoke_command: Command | None = None
    """The application's own smoke test: run in a task of its own after migrations; exit code 0 is good."""

    @property
    def migrates_itself(self) -> bool:
        """Whether a task that starts migrates the database."""
        return self.migrated_by == "application"

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables of every task: server and management commands have the same settings."""
        return {"DJANGO_SETTINGS_MODULE": self.settings_module} if self.settings_module else {}

    @property
    def migrate_command(self) -> tuple[str, ...]:
        """Command that migrates the database."""
        return tuple(self.migrate or (*self.manage, "migrate", "--noinput"))


class SmokePath(BaseModel):
    """A page that a release must answer: asked of the smoke-test task, and through the load balancer."""

    model_config = STRICT

    path: UrlPath
    codes: CodesText = "200-499"
    """Accepted statuses; by default everything but the application's own errors."""
    text: str = ""
    """Words that the answer must have in it."""
    seconds: Annotated[float, Field(gt=0, le=60, strict=False)] = 5.0
    """Time in which the answer must be there."""


SmokePaths = Annotated[
    list[SmokePath],
    BeforeValidator(
        lambda paths: (
            [{"path": item} if isinstance(item, str) else item for item in paths]
            if isinstance(paths, list)
            else paths
        )
    ),
]
"""Pages, each a table or its path alone."""


class Sidecar(BaseModel):
    """A container beside the application's, in every task; they reach each other on localhost."""

    model_config = STRICT

    image: Text
    command: Command | None = None
    entrypoint: Command | None = None
    user: User | None = None
    working_directory: RootedPath | None = None
    essential: bool = False
    """Whether its end ends the task."""
    variables: dict[VariableName, str] = {}
    """Environment variables; never secret."""
    secret_keys: list[VariableName] = []
    """Keys of the application's secret that it reads."""
    health_command: Command | None = None
    """Container health check, as ECS has it: ``["CMD", "redis-cli", "ping"]``."""
    depends_on: dict[ContainerName, Condition] = {}
    """Other sidecars that it waits for."""
    data: RootedPath | None = None
    """Where it sees the data volume; nowhere when absent."""
    readonly_root: bool = False
    """Whether its own file system is read-only."""


def dependency_fault(sidecars: dict[str, Sidecar], application: dict[str, Condition]) -> str:
    """Return what is wrong with what containers wait for; "" where nothing is."""
    known = {name: set(item.depends_on) for name, item in sidecars.items()}
    for name, wanted in (*known.items(), ("container", set(application))):
        unknown = sorted(wanted - set(sidecars))
        if unknown:
            return f"{name} depends on {', '.join(unknown)}, and there is no such sidecar"
    waits = {**{n: i.depends_on for n, i in sidecars.items()}, "container": application}
    for name, conditions in waits.items():
        for other, condition in conditions.items():
            if condition == "HEALTHY" and sidecars[other].health_command is None:
                return f"{name} waits for {other} to be HEALTHY, which has no health_command"
            if condition in ("COMPLETE", "SUCCESS") and sidecars[other].essential:
                return f"{name} waits for the end of {other}, which is essential: its end would end the task"
    while free := {name for name, wanted in known.items() if not wanted}:
        known = {name: wanted - free for name, wanted in known.items() if name not in free}
    return f"{' and '.join(sorted(known))} wait for each other" if known else ""
