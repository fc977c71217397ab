"""One run at a time works on an environment's infrastructure."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from prefect.client.orchestration import get_client
from prefect.concurrency.sync import concurrency
from prefect.logging import get_run_logger

from blocks import Target
from pipeline.errors import PipelineError

LEASE = 120.0
"""Seconds after which the place of a run that was killed is free again; a living one renews it."""
_PATIENCE = 3600.0
"""Seconds to wait for another run: as long as a Terraform command may take."""


class OccupiedError(PipelineError):
    """Another run works on the environment."""


@contextmanager
def one_change_at_a_time(target: Target, patience: float = _PATIENCE) -> Iterator[None]:
    """Hold the environment's only place while its infrastructure or state is worked on.

    Terraform's lock is held by single commands only; between plan and apply, and while buckets are emptied,
    this keeps other flows out. A suspended run holds nothing: its plan is bound to the state's serial.

    Raises:
        OccupiedError: the place did not become free.
    """
    name = f"infrastructure-{target.name}"
    with get_client(sync_client=True) as client:
        client.upsert_global_concurrency_limit_by_name(name, 1)
    with ExitStack() as held:
        get_run_logger().info("Waiting for the place %s", name)
        try:
            held.enter_context(
                concurrency(
                    name,
                    timeout_seconds=patience,
                    lease_duration=LEASE,
                    strict=True,
                    # Terraform's own lock still guards the state; stopping an apply would be worse.
                    raise_on_lease_renewal_failure=False,
                )
            )
        except TimeoutError as error:
            raise OccupiedError(
                f"Another run has worked on {target.name} for {patience / 60:.0f} minutes. Wait for it or "
                f"cancel it, then run this again. If none runs, reset {name} under Concurrency in the UI."
            ) from error
        yield
