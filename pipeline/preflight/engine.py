"""Preconditions of a build on the worker."""

from collections.abc import Callable
from functools import cache

from pipeline.environment.model import Environment
from pipeline.image.buildkit import buildkit_fault
from pipeline.image.engine import connect, engine_faults, inspect_engine
from pipeline.image.request import read_dockerfile
from pipeline.preflight.cloud import PresentService
from pipeline.preflight.model import Check, CheckFailedError, CheckSkippedError
from pipeline.source.location import ResolvedSource, SourceUnreachableError


def source_checks(resolve: Callable[[], ResolvedSource], dockerfile: str) -> tuple[Check, ...]:
    """Return the checks of a source.

    Args:
        resolve: pins the source and brings it onto this machine; asked once.
        dockerfile: inside the build context.
    """
    resolved = cache(resolve)

    def source() -> str:
        try:
            found = resolved()
        except SourceUnreachableError as error:
            raise CheckSkippedError(f"could not be told, fetch_source asks again: {error}") from error
        return f"{found.ref or 'the folder as it lies there'} is release {found.release}"

    def readable() -> str:
        fault = buildkit_fault(resolved().path, dockerfile)
        if fault:
            raise CheckFailedError(fault)
        lines = read_dockerfile(resolved().path, dockerfile).count("\n")
        return f"{dockerfile}, {lines} lines"

    return Check("source", source), Check("dockerfile", readable, needs=("source",))


BUILD_BYTES = 2_000_000_000
"""Free disk that a build of an application of this size may need."""
FARGATE = "X86_64"
"""What Fargate runs a task on whose definition names none (RegisterTaskDefinition, runtimePlatform)."""


def engine_checks(environment: Environment, present: PresentService) -> tuple[Check, ...]:
    """Return the checks of the worker's Docker engine, and whether what it builds runs where the tasks do."""

    def architecture() -> str:
        platform = present.definition.get("runtimePlatform") or {}
        requested = platform.get("cpuArchitecture") or (None if environment.aws_endpoint_url else FARGATE)
        if requested is None:
            raise CheckSkippedError("the tasks run on whatever the container host is")
        _demand(engine_faults(inspect_engine(connect()), needed_bytes=0, architecture=requested))
        return f"the engine builds for {requested}, as the tasks need"

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
