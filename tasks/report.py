"""Shows how a run ended."""

from prefect.artifacts import create_link_artifact

from blocks.deploy_environment import Target
from pipeline.aws.errors import AwsError
from pipeline.delivery.address import page_of
from pipeline.ecs.errors import EcsError
from pipeline.ecs.outcome import Outcome
from pipeline.ecs.registry import TaskDefinitions
from pipeline.ecs.task_definition import RELEASE_TAG
from pipeline.outputs import Outputs
from tasks.support import service_of, show_page, step


@step
def report_release(
    target: Target, outputs: Outputs, release: str, image: str, outcome: Outcome, told: str
) -> None:
    """Write the run's end as artifacts: what became of the release and what runs now, and a link."""
    page, now = page_of(target.environment, outputs), _what_runs(target, outputs)
    repository, _, digest = image.partition("@")
    told = told.replace("\n", "  \n")
    show_page(
        target,
        "release",
        (
            f"## {outcome}: {f'release `{release}`' if release else 'nothing was deployed'}\n\n"
            f"**What runs now:** {now}\n\n{outcome.advice}\n\n{told}\n\n"
            f"| | |\n|---|---|\n| environment | {target.name} |\n| image | {repository or '-'} |\n"
            f"| digest | {f'`{digest}`' if digest else '-'} |\n"
            f"| service | {outputs.service} in {outputs.cluster} |\n| address | {page} |\n"
        ),
        f"How the deployment of {release or 'a release'} to {target.name} ended",
    )
    create_link_artifact(
        key=f"application-{target.name}",
        link=page,
        link_text=f"Application in {target.name}",
        description=f"Where {target.name} answers",
    )


def _what_runs(target: Target, outputs: Outputs) -> str:
    """Ask the service; the end of a run is told although that may fail."""
    try:
        service = service_of(target, outputs).require()
        _, tags = TaskDefinitions(target.access).read(service.task_definition)
    except (AwsError, EcsError) as error:
        return f"could not be told: {error}"
    running = service.primary.running if service.primary else 0
    name = next((tag["value"] for tag in tags if tag["key"] == RELEASE_TAG), "none yet")
    family = service.task_definition.rsplit("/", 1)[-1]
    return f"release `{name}` ({family}), {running} of {service.desired} wanted tasks"
