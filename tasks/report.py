"""Shows how a run ended."""

from contextlib import suppress
from uuid import UUID

import httpx
from prefect.artifacts import create_link_artifact
from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectException
from prefect.runtime import flow_run

from pipeline.aws.errors import AwsError
from pipeline.ecs.model import EcsError, Outcome
from pipeline.ecs.task_definition import RELEASE_TAG
from pipeline.live import LiveEnvironment
from tasks.support import show_page, step


@step
def name_run(live: LiveEnvironment, release: str, asked: str = "") -> None:
    """Name the present run ``staging: 1f2e3d (v1.2)``; a server that is away keeps no run from its work."""
    if flow_run.id is None:
        return
    name = f"{live.name}: {release}{f' ({asked})' if asked not in ('', release) else ''}"
    with suppress(httpx.HTTPError, PrefectException), get_client(sync_client=True) as client:
        client.update_flow_run(UUID(flow_run.id), name=name)


@step
def report_release(live: LiveEnvironment, release: str, image: str, outcome: Outcome, told: str) -> None:
    """Write the run's end as artifacts: what became of the release and what runs now, and a link."""
    page, now = live.page, _what_runs(live)
    repository, _, digest = image.partition("@")
    told = told.replace("\n", "  \n")
    show_page(
        live,
        "release",
        (
            f"## {outcome}: {f'release `{release}`' if release else 'nothing was deployed'}\n\n"
            f"**What runs now:** {now}\n\n{outcome.advice}\n\n{told}\n\n"
            f"| | |\n|---|---|\n| environment | {live.name} |\n| image | {repository or '-'} |\n"
            f"| digest | {f'`{digest}`' if digest else '-'} |\n"
            f"| service | {live.outputs.service} in {live.outputs.cluster} |\n| address | {page} |\n"
        ),
        f"How the deployment of {release or 'a release'} to {live.name} ended",
    )
    create_link_artifact(
        key=f"application-{live.name}",
        link=page,
        link_text=f"Application in {live.name}",
        description=f"Where {live.name} answers",
    )


def _what_runs(live: LiveEnvironment) -> str:
    """Ask the service; the end of a run is told although that may fail."""
    try:
        service = live.service.require()
        _, tags = live.task_definitions.read(service.task_definition)
    except (AwsError, EcsError) as error:
        return f"could not be told: {error}"
    running = service.primary.running if service.primary else 0
    name = next((tag["value"] for tag in tags if tag["key"] == RELEASE_TAG), "none yet")
    family = service.task_definition.rsplit("/", 1)[-1]
    return f"release `{name}` ({family}), {running} of {service.desired} wanted tasks"
