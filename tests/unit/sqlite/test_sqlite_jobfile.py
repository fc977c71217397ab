"""What is sent to the task."""

import ast
import json
from pathlib import Path

import pytest

from pipeline.ecs.model import OneOffTaskError
from pipeline.ecs.oneoff import OneOff, run_task_request
from pipeline.sqlite import runner

FOLDER = Path(runner.__file__).parent / "job"


def one_off(url: str) -> OneOff:
    """Return the task for a presigned URL."""
    return OneOff(
        cluster="cluster",
        task_definition="arn:aws:ecs:af-south-1:000000000000:task-definition/app:1",
        container="app",
        started_by="sqlite-backup-0123456789ab",
        command=runner.command(),
        environment=runner.environment(url, runner.job_file({})),
    )


def test_the_overrides_fit_with_the_longest_presigned_url() -> None:
    """Temporary credentials make URLs of up to about 2,500 characters."""
    overrides = run_task_request(one_off("https://" + "x" * 2500))["overrides"]
    assert len(json.dumps(overrides)) < 8192


def test_overrides_that_do_not_fit_are_refused_before_ecs_sees_them() -> None:
    """An emulator would take them."""
    with pytest.raises(OneOffTaskError, match="8192"):
        run_task_request(one_off("https://" + "x" * 8000))


def test_the_url_is_no_argument() -> None:
    """Arguments are in the process list."""
    request = run_task_request(one_off("https://bucket/job?X-Amz-Signature=abc"))
    override = request["overrides"]["containerOverrides"][0]
    assert not any("Signature" in item for item in override["command"])


def test_every_module_that_the_job_imports_is_shipped() -> None:
    """Relative imports name files that are in the job file."""
    shipped = {name.removesuffix(".py") for name in runner.sources()}
    requested = {
        name
        for text in runner.sources().values()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and node.level
        for name in ([node.module] if node.module else [alias.name for alias in node.names])
    }
    assert requested
    assert requested <= shipped


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_the_job_is_python_3_9_and_standard_library(path: Path) -> None:
    """The application's image decides which Python there is."""
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {
        str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level
    }
    assert not {name for name in imported if name.startswith(("pipeline", "boto", "pydantic"))}
    assert not any(isinstance(node, ast.Match) for node in ast.walk(tree))


def test_the_digest_is_that_of_the_document() -> None:
    """And equal orders make equal documents."""
    first, second = runner.job_file({"a": 1, "b": 2}), runner.job_file({"b": 2, "a": 1})
    assert first.sha256 == second.sha256
    assert json.loads(first.body)["job"] == {"a": 1, "b": 2}
