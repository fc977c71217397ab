"""Shows what a run did."""

from prefect import task
from prefect.artifacts import create_link_artifact, create_markdown_artifact

from blocks import Target
from pipeline.ecs.outcome import Outcome
from pipeline.outputs import Outputs


@task(name="report-release", persist_result=False)
def report_release(
    target: Target, outputs: Outputs, release: str, image: str, outcome: Outcome, message: str
) -> None:
    """Write the run's end as artifacts: a page, and a link to the application."""
    create_markdown_artifact(
        key=f"release-{target.name}",
        markdown=(
            f"## {outcome}: release `{release}`\n\n{message}\n\n{outcome.advice}\n\n"
            f"| | |\n|---|---|\n| environment | {target.name} |\n| image | `{image}` |\n"
            f"| service | {outputs.service} in {outputs.cluster} |\n| address | {outputs.url} |\n"
        ),
        description=f"How the deployment of {release} ended",
    )
    create_link_artifact(
        key=f"application-{target.name}", link=outputs.url, link_text=f"Application in {target.name}"
    )
