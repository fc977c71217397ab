"""What must be there on the worker before an image can be built."""

from pipeline.image import connect, engine_faults, inspect_engine
from pipeline.preflight.model import Check, CheckFailedError

BUILD_BYTES = 2_000_000_000
"""Free disk that a build of an application of this size may need."""


def engine_checks() -> tuple[Check, ...]:
    """Return the checks of the worker's Docker engine."""
    return (Check("docker engine", _engine),)


def _engine() -> str:
    engine = inspect_engine(connect())
    found = engine_faults(engine, needed_bytes=BUILD_BYTES)
    if found:
        raise CheckFailedError(" ".join(found))
    return f"{engine.version} on {engine.architecture}"
