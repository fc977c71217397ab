"""From a run's state to GitHub's deployment status.

Source: GitHub REST API, "Create a deployment status".
"""

_STATES = {
    "SCHEDULED": "queued",
    "PENDING": "queued",
    "RUNNING": "in_progress",
    "PAUSED": "in_progress",
    "CANCELLING": "in_progress",
    "COMPLETED": "success",
    "FAILED": "failure",
    "CRASHED": "error",
    "CANCELLED": "inactive",
}


def github_state(state: str) -> str:
    """Return GitHub's word for a Prefect state type."""
    return _STATES.get(state, "in_progress")
