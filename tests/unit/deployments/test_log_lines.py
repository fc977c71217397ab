"""How the command line prints what the application logged."""

from deployments.cli.logs import line_of
from pipeline.logs.cloudwatch import Event


def test_a_line_has_its_time_and_its_task() -> None:
    """In UTC; of the task's id as much as tells two tasks apart."""
    event = Event(1_750_000_000_000, 0, "GET /health/ 200\n")
    assert str(line_of(event, "app/app/0123456789abcdef")) == "15:06:40 01234567 GET /health/ 200"
