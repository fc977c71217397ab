"""Settings of a local stack of a test's own."""

from pathlib import Path

from deployments.local.stack.settings import Settings


def stack_settings(state: Path, aws: int, prefect: int, webhook: int) -> Settings:
    """Return settings with these ports, unchecked: folders of tests have long names."""
    return Settings.model_construct(state=state, aws_port=aws, prefect_port=prefect, webhook_port=webhook)
