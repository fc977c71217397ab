"""Whether there is something to build, and a builder that can."""

from pathlib import Path

import pytest
from fake_cloud import OUTPUTS, Cloud, definition, whole

from pipeline.environment.loader import environment
from pipeline.image.engine import Engine
from pipeline.live import LiveEnvironment
from pipeline.preflight import engine
from pipeline.preflight.cloud import PresentService
from pipeline.preflight.engine import engine_checks, source_checks
from pipeline.preflight.model import Check, CheckStatus, run_checks
from pipeline.source.location import ResolvedSource, SourceError, SourceUnreachableError

SHA = "0123456789abcdef0123456789abcdef01234567"


def looked_at(folder: Path, error: Exception | None = None) -> list[tuple[str, CheckStatus, str]]:
    """Ask both checks of a source."""
    asked: list[Path] = []

    def resolve() -> ResolvedSource:
        asked.append(folder)
        if error:
            raise error
        return ResolvedSource(folder, "https://example/app", "main", SHA)

    found = run_checks(source_checks(resolve, "Dockerfile"))
    assert len(asked) == 1
    return [(item.name, item.status, item.reason) for item in found]


def test_a_source_with_a_dockerfile_is_well(tmp_path: Path) -> None:
    """The table names the release."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    source, dockerfile = looked_at(tmp_path)
    assert source == ("source", CheckStatus.OK, "main is release 0123456789ab")
    assert dockerfile == ("dockerfile", CheckStatus.OK, "Dockerfile, 2 lines")


def test_a_missing_dockerfile_is_told_before_anything_is_built(tmp_path: Path) -> None:
    """With its name and where it was looked for."""
    _, (_, status, reason) = looked_at(tmp_path)
    assert status is CheckStatus.NG
    assert "no Dockerfile Dockerfile in" in reason


def test_a_dockerfile_that_nothing_here_can_build_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BuildKit's own instructions need a docker command that reaches it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "Dockerfile").write_text("FROM scratch\nRUN --mount=type=cache,target=/c true\n")
    _, (_, status, reason) = looked_at(tmp_path)
    assert status is CheckStatus.NG
    assert "needs BuildKit" in reason


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (SourceError("has no branch or tag 'mian'"), CheckStatus.NG, "'mian'"),
        (SourceUnreachableError("did not answer"), CheckStatus.SKIP, "asks again"),
    ],
    ids=["no such ref", "unreachable"],
)
def test_what_a_repository_lacks_is_a_fault_and_its_silence_is_none(
    tmp_path: Path, error: Exception, status: CheckStatus, text: str
) -> None:
    """The step itself is retried, so a repository that does not answer now stops nothing yet."""
    source, dockerfile = looked_at(tmp_path, error)
    assert source[1] is status
    assert text in source[2]
    assert dockerfile == ("dockerfile", CheckStatus.SKIP, "needs source")


@pytest.mark.parametrize(
    ("name", "asked_for", "engine_is", "expected"),
    [
        ("local", None, "arm64", CheckStatus.SKIP),
        ("local", "X86_64", "amd64", CheckStatus.OK),
        ("local", "ARM64", "amd64", CheckStatus.NG),
        ("staging", None, "amd64", CheckStatus.OK),
        ("staging", None, "arm64", CheckStatus.NG),
        ("staging", "ARM64", "arm64", CheckStatus.OK),
    ],
)
def test_an_image_must_run_where_the_tasks_do(
    monkeypatch: pytest.MonkeyPatch, name: str, asked_for: str | None, engine_is: str, expected: CheckStatus
) -> None:
    """A task definition that names no processor means Fargate's; on an emulator, this machine's."""
    monkeypatch.setattr(engine, "connect", lambda: None)
    monkeypatch.setattr(engine, "inspect_engine", lambda _: Engine("27", engine_is, None))
    platform = {"runtimePlatform": {"cpuArchitecture": asked_for}} if asked_for else {}
    cloud = Cloud(answers={**whole(), ("ecs", "describe_task_definition"): definition(**platform)})
    settings = environment(name)
    checks = engine_checks(settings, PresentService(LiveEnvironment(settings, cloud, OUTPUTS)))
    found = run_checks((Check("service", str), *checks))
    assert found[-1].name == "architecture"
    assert found[-1].status is expected
