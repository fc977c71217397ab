"""BuildKit: its command and its log."""

from pathlib import Path

import pytest

from pipeline.image.buildkit import BuildkitCli, BuildkitLog, buildkit_command
from pipeline.image.request import BuildRequest, ImageError, buildkit_sign, read_dockerfile

_REQUEST = BuildRequest(
    Path("/src"),
    "localhost:1/demo:1",
    arguments={"TOKEN": "s3cret", "BASE_IMAGE": "x"},
    labels={"b": "2", "a": "1"},
    target="run",
    platform="linux/arm64",
)
_OPTIONS = (
    "--progress=plain",
    "--iidfile=/tmp/id",
    "--tag=localhost:1/demo:1",
    "--file=/src/Dockerfile",
    "--build-arg=BASE_IMAGE",
    "--build-arg=TOKEN",
    "--label=a=1",
    "--label=b=2",
    "--target=run",
    "--platform=linux/arm64",
    "/src",
)


_BUILDX = ("buildx", "build", "--load", "--provenance=false", "--sbom=false")


@pytest.mark.parametrize(("buildx", "verb"), [(True, _BUILDX), (False, ("build",))])
def test_command(buildx: bool, verb: tuple[str, ...]) -> None:
    """Values of build arguments are in the environment, not in the process list; no attestation is made."""
    command = buildkit_command(BuildkitCli("/bin/docker", buildx), _REQUEST, Path("/tmp/id"))  # noqa: S108 (never opened)
    assert command.arguments == ("/bin/docker", *verb, *_OPTIONS)
    assert command.environment == {"TOKEN": "s3cret", "BASE_IMAGE": "x", "DOCKER_BUILDKIT": "1"}
    assert "s3cret" not in repr(command)


def test_log() -> None:
    """Steps that interleave are told apart; the failing one's lines are in the error."""
    log = BuildkitLog("demo:1")
    text = """#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 32B done
#1 DONE 0.0s
#5 [build 1/3] FROM base
#5 CACHED
#6 [build 2/3] RUN good
#7 [stage-1 3/3] RUN bad
#6 0.10 fine
#7 0.12 broken thing
#7 ERROR: executor failed running [/bin/sh -c bad]: exit code: 127
------
 > [stage-1 3/3] RUN bad:
------"""
    events = [event for line in text.splitlines() for event in log.read(f"{line}\n")]
    assert [(event.kind, event.step) for event in events if event.kind != "output"] == [
        ("step", 1),
        ("cached", 1),
        ("step", 2),
        ("step", 3),
    ]
    failure = log.failure("docker build ended with 1")
    assert failure.step == "step 3/3 (RUN bad)"
    assert failure.tail == ("broken thing",)
    assert "exit code: 127" in str(failure)
    assert (log.steps, log.cached) == (3, 1)


def test_log_without_a_step() -> None:
    """What the command says before any step is the reason then."""
    log = BuildkitLog("demo:1")
    list(log.read("ERROR: failed to solve: dockerfile parse error\n"))
    assert "parse error" in str(log.failure("docker build ended with 1"))


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("FROM a\nRUN b\nCOPY --from=x --chown=1 a b", None),
        ("# syntax=docker/dockerfile:1\nFROM a", "# syntax="),
        ("FROM a\n# syntax=docker/dockerfile:1", None),
        ("FROM a\nRUN --mount=type=cache,target=/c pip", "RUN --mount"),
        ("FROM a\n# RUN --mount=type=cache", None),
        ("FROM a\nRUN --network=none b", "RUN --mount"),
        ("FROM a\ncopy --chown=1 --link a b", "COPY --link"),
        ("FROM a\nCOPY --chmod=755 a b", "COPY --chmod"),
        ("FROM a\nRUN <<EOF\necho\nEOF", "a heredoc"),
        ("FROM a\nCOPY <<-'END' /b\nEND", "a heredoc"),
        ("FROM a\nRUN python -c 'print(1 << 2)'", None),
    ],
)
def test_sign(text: str, sign: str | None) -> None:
    """Only what the classic builder can't build goes to BuildKit."""
    assert sign == buildkit_sign(text)


def test_missing_dockerfile(tmp_path: Path) -> None:
    """A missing Dockerfile is named with its folder; one outside the context is refused."""
    with pytest.raises(ImageError, match="There is no Dockerfile deploy/Dockerfile in "):
        read_dockerfile(tmp_path, "deploy/Dockerfile")
    with pytest.raises(ImageError, match="outside the build context"):
        read_dockerfile(tmp_path, "../Dockerfile")
