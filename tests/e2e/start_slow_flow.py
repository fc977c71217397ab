"""Registers the slow flow on the local work pool and starts a run of it; prints the run's id."""

from pathlib import Path

from prefect import flow
from prefect.deployments import run_deployment

slow = flow.from_source(source=str(Path(__file__).parent), entrypoint="slow_flow.py:slow")
slow.deploy(name="e2e", work_pool_name="local", print_next_steps=False, ignore_warnings=True)
run = run_deployment("slow/e2e", timeout=0)
print(run.id)  # noqa: T201 - the answer to the test
