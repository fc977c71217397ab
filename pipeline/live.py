"""One environment as it lives: what was decided about it, how to reach it, and what Terraform built there."""

from dataclasses import dataclass, field, replace

from pydantic import SecretStr

from pipeline.aws.access import AwsAccess, read_parameter
from pipeline.delivery.model import page_of, probe_of
from pipeline.ecs.oneoff import OneOffTasks
from pipeline.ecs.registry import TaskDefinitions
from pipeline.ecs.service import EcsService
from pipeline.environment.model import Environment
from pipeline.health.model import Probe
from pipeline.logs.manifest import ArchiveLocation
from pipeline.outputs import NothingBuiltError, Outputs, parse_outputs
from pipeline.release.store import ReleaseStore, SchemaLog
from pipeline.state.backend import StateBackend, state_backend_of


@dataclass(frozen=True)
class LiveEnvironment:
    """The one value that flows hand to tasks; made once for each run."""

    settings: Environment
    access: AwsAccess
    built: Outputs | None = None
    """What Terraform built; None where nothing is built yet, or where it does not matter."""
    source_token: SecretStr | None = field(default=None, repr=False)

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
    def schema(self) -> SchemaLog:
        """Notes of the migrations that ran."""
        return SchemaLog(self.access, self.outputs.backup_bucket, self.name)

    @property
    def log_archive(self) -> ArchiveLocation:
        """Place of the archived logs."""
        return ArchiveLocation(self.outputs.log_archive_bucket, self.name)

    @property
    def state(self) -> StateBackend:
        """Home of the Terraform state."""
        return state_backend_of(self.access, self.settings)

    @property
    def page(self) -> str:
        """Address where a browser finds the application."""
        return page_of(self.settings, self.outputs)

    def probe(self, release: str | None = None) -> Probe:
        """Return what to ask the load balancer; ``release`` is what the answer must name."""
        return probe_of(self.settings, self.outputs, release)
