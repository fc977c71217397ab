"""What can go wrong around the Terraform state."""

from pipeline.errors import PipelineError


class StateError(PipelineError):
    """Something about the state, its bucket or its lock table is not as it must be."""


class BucketTakenError(StateError):
    """The state bucket's name belongs to another account."""

    def __init__(self, bucket: str) -> None:
        super().__init__(
            f"The bucket {bucket} exists, but is another AWS account's or closed to these credentials. "
            "Bucket names are global: set account_id (it becomes part of the name) or another app name "
            "in deployments/environments.toml, and check that the credentials belong to the right account."
        )


class StateChangedError(StateError):
    """The state, its lock or a record changed since it was looked at; nothing was done."""
