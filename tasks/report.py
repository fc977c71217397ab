"""Shows what a run did."""

from prefect import task
from prefect.artifacts import create_link_artifact, create_markdown_artifact

from blocks import Target
from pipeline.delivery import page_of
from pipeline.ecs.outcome import Outcome
from pipeline.outputs import Outputs


@task(name="report-release", persist_result=False)
def report_release(
    target: Target, outputs: Outputs, release: str, image: str, outcome: Outcome, message: str, cause: str
) -> None:
    """Write the run's end as artifacts: a page, and a link to the application."""
    page = page_of(target.environment, outputs)
    repository, _, digest = image.partition("@")
    found = "\n\n".join(filter(None, (message, cause)))
    create_markdown_artifact(
        key=f"release-{target.name}",
        markdown=(
            f"## {outcome}: release `{release}`\n\n{outcome.advice}\n\n{found}\n\n"
            f"| | |\n|---|---|\n| environment | {target.name} |\n| image | {repository} |\n"
            f"| digest | `{digest}` |\n"
            f"| service | {outputs.service} in {outputs.cluster} |\n| address | {page} |\n"
        ),
        description=f"How the deployment of {release} to {target.name} ended",
    )
    create_link_artifact(
        key=f"application-{target.name}",
        link=page,
        link_text=f"Application in {target.name}",
        description=f"Where {target.name} answers",
    )
