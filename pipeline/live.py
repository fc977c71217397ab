"""One environment as it lives: what was decided about it, how to reach it, and what Terraform built there."""

from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from pydantic import SecretStr

from pipeline.aws.access import AwsAccess, read_parameter
from pipeline.databases.record import DatabaseRecord
from pipeline.delivery.model import page_of, probe_of, probes_of
from pipeline.ecs.oneoff import OneOffTasks
from pipeline.ecs.registry import TaskDefinitions
from pipeline.ecs.service import EcsService
from pipeline.environment.model import Environment
from pipeline.health.model import Probe
from pipeline.logs.manifest import ArchiveLocation
from pipeline.outputs import NothingBuiltError, Outputs, OutputsError, parse_outputs
from pipeline.release.store import BillStore, ReleaseStore, SchemaLog
from pipeline.state.backend import StateBackend, state_backend_of


@dataclass(frozen=True)
class LiveEnvironment:
    """The one value that flows hand to tasks; made once for each run."""

    settings: Environment
    access: AwsAccess
    built: Outputs | None = None
    """What Terraform built; None where nothing is built yet, or where it does not matter."""
    source_token: SecretStr | None = field(default=None, repr=False)
    chosen: str = ""
    """Path of the SQLite database to work on; "" for the main one."""

    def read(self) -> "LiveEnvironment":
        """Return the environment with what Terraform built, as it stands in the SSM parameter now.

        Raises:
            OutputsError: nothing was built yet, or by another version of the pipeline.
            AwsError: the parameter cannot be read.
        """
        parameter = self.settings.outputs_parameter
        document = read_parameter(self.access, parameter)
        if document is None:
            raise NothingBuiltError(parameter)
        return replace(self, built=parse_outputs(document, parameter))

    @property
    def name(self) -> str:
        """Name of the environment."""
        return self.settings.name

    @property
    def token(self) -> str:
        """Token that opens the source repository; "" for a public one."""
        return self.source_token.get_secret_value() if self.source_token else ""

    @property
    def outputs(self) -> Outputs:
        """Terraform's outputs.

        Raises:
            OutputsError: nothing was built yet.
        """
        if self.built is None:
            raise NothingBuiltError(self.settings.outputs_parameter)
        return self.built

    @property
    def database(self) -> str:
        """Path of the SQLite database to work on, inside the application's container.

        Raises:
            OutputsError: the application keeps none.
        """
        if not self.outputs.databases:
            raise OutputsError(
                f"{self.name} keeps no SQLite database: `databases` is empty in its `data` table. A server's "
                "database is backed up and restored by who runs the server."
            )
        return self.chosen or self.outputs.databases[0]

    @property
    def database_key(self) -> str:
        """Name of the database in the backup bucket: the environment's for the main one."""
        main = self.chosen in ("", *self.outputs.databases[:1])
        return self.outputs.environment + ("" if main else f".{PurePosixPath(self.chosen).stem}")

    @property
    def each_database(self) -> tuple["LiveEnvironment", ...]:
        """The environment once for each SQLite database, with that one chosen."""
        return tuple(replace(self, chosen=path) for path in self.outputs.databases)

    def on_database(self, name: str) -> "LiveEnvironment":
        """Return the environment with a database chosen by its path or its file's name without extension.

        Raises:
            OutputsError: there is no such database; "" takes the main one.
        """
        known = {PurePosixPath(path).stem: path for path in self.outputs.databases}
        path = name if name in self.outputs.databases else known.get(name, "")
        if name and not path:
            raise OutputsError(f"{self.name} has no database {name!r}, only {', '.join(known) or 'none'}.")
        return replace(self, chosen=path)

    @property
    def service(self) -> EcsService:
        """The ECS service."""
        return EcsService(self.access, self.outputs.cluster, self.outputs.service)

    @property
    def one_off_tasks(self) -> OneOffTasks:
        """One-off tasks of the cluster."""
        return OneOffTasks(self.access, self.outputs.cluster)

    @property
    def task_definitions(self) -> TaskDefinitions:
        """Task definitions of the account."""
        return TaskDefinitions(self.access)

    @property
    def releases(self) -> ReleaseStore:
        """Records of the releases."""
        return ReleaseStore(self.access, self.outputs.backup_bucket, self.name)

    @property
    def bills(self) -> BillStore:
        """Bills of materials of the images."""
        return BillStore(self.access, self.outputs.backup_bucket, self.name)

    @property
    def schema(self) -> SchemaLog:
        """Notes of the migrations that ran."""
        return SchemaLog(self.access, self.outputs.backup_bucket, self.name)

    @property
    def database_record(self) -> DatabaseRecord:
        """Record of the databases that the newest release named."""
        return DatabaseRecord(self.access, self.outputs.backup_bucket, self.name)

    @property
    def log_archive(self) -> ArchiveLocation:
        """Place of the archived logs."""
        return ArchiveLocation(self.outputs.log_archive_bucket, self.name)

    @property
    def state(self) -> StateBackend:
        """Home of the Terraform state."""
        return state_backend_of(self.access, self.settings)

    @property
    def signing_key(self) -> str:
        """ARN of the KMS key that images are signed with; "" where they are not.

        Raises:
            OutputsError: Terraform has not built for the settings yet.
        """
        settings, built = self.settings.signing, self.outputs.signing_key_arn
        if settings is None:
            return ""
        if not built or settings.key not in (None, built):
            raise OutputsError(
                f"Images of {self.name} are to be signed with {settings.key or 'a key of their own'}, and "
                f"Terraform has built for {built or 'none'}. Run deploy-infrastructure."
            )
        return built

    @property
    def page(self) -> str:
        """Address where a browser finds the application."""
        return page_of(self.settings, self.outputs)

    def probe(self, release: str | None = None) -> Probe:
        """Return what to ask the load balancer; ``release`` is what the answer must name."""
        return probe_of(self.settings, self.outputs, release)

    def probes(self, release: str | None = None) -> tuple[Probe, ...]:
        """Return what to ask the load balancer: the health path, then each smoke path."""
        return probes_of(self.probe(release), self.settings)
