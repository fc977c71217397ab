"""What must be there on the worker before an image can be built."""

from pipeline.environment.model import Environment
from pipeline.image.engine import connect, engine_faults, inspect_engine
from pipeline.preflight.model import Check, CheckFailedError, CheckSkippedError
from pipeline.preflight.present import PresentService

BUILD_BYTES = 2_000_000_000
"""Free disk that a build of an application of this size may need."""
_FARGATE = "X86_64"
"""What Fargate runs a task on whose definition names none (RegisterTaskDefinition, runtimePlatform)."""


def engine_checks(environment: Environment, present: PresentService) -> tuple[Check, ...]:
    """Return the checks of the worker's Docker engine, and whether what it builds runs where the tasks do."""

    def architecture() -> str:
        platform = present.definition.get("runtimePlatform") or {}
        wanted = platform.get("cpuArchitecture") or (None if environment.aws_endpoint_url else _FARGATE)
        if wanted is None:
            raise CheckSkippedError("the tasks run on whatever the container host is")
        _demand(engine_faults(inspect_engine(connect()), needed_bytes=0, architecture=wanted))
        return f"the engine builds for {wanted}, as the tasks need"

    return (
        Check("docker engine", _engine),
        Check("architecture", architecture, needs=("docker engine", "service")),
    )


def _engine() -> str:
    engine = inspect_engine(connect())
    _demand(engine_faults(engine, needed_bytes=BUILD_BYTES))
    return f"{engine.version} on {engine.architecture}"


def _demand(found: list[str]) -> None:
    if found:
        raise CheckFailedError(" ".join(found))
