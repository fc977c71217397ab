"""What must be there to build an image from: the commit, and a Dockerfile that a builder here can read."""

from collections.abc import Callable
from functools import cache

from pipeline.image.buildkit import buildkit_fault
from pipeline.image.dockerfile import read_dockerfile
from pipeline.preflight.model import Check, CheckFailedError, CheckSkippedError
from pipeline.source.model import ResolvedSource, SourceUnreachableError


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
