"""How the command line prints what the application logged."""

from deployments.cli.logs import line_of
from deployments.follow import printable
from pipeline.logs.cloudwatch import Event


def test_a_line_has_its_time_and_its_task() -> None:
    """In UTC; of the task's id as much as tells two tasks apart."""
    event = Event(1_750_000_000_000, 0, "GET /health/ 200\n")
    assert str(line_of(event, "app/app/0123456789abcdef")) == "15:06:40 01234567 GET /health/ 200"


def test_a_line_moves_no_cursor_and_sets_no_colour() -> None:
    """A request's path, which anybody may choose, stands in the log."""
    event = Event(1_750_000_000_000, 0, "GET /\x1b[2J\x1b]0;title\x07\x9b1m\rok\n")
    assert str(line_of(event, "app/app/0123456789abcdef")) == "15:06:40 01234567 GET / [2J ]0;title  1m ok"


def test_what_a_follower_prints_is_as_plain() -> None:
    """Line breaks of a question stay."""
    assert printable("a\x1b[31m\nb\tc") == "a [31m\nb\tc"
