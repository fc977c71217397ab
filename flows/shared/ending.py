"""The state in which a flow run ends, with one sentence: what was done, or what is wrong and what to do."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from pipeline.errors import PipelineError
from tasks.record import add_to_name

P = ParamSpec("P")


def state_is_outcome(function: Callable[P, str | State[str]]) -> Callable[P, State[str]]:
    """Flow function whose run ends with its sentence on the state, where mails and the shell show it.

    An error of ours is a finding: it ends the run as Failed, and its message begins with the cause. (Prefect
    writes 36 characters of its own before that of an error that is raised; lists cut at about 70.) Anything
    else that escapes is a defect, and is left to Prefect, with its stack trace. The cause of a failure stands
    in the run's name as well.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> State[str]:
        ended: str | State[str]
        try:
            ended = function(*args, **kwargs)
        except PipelineError as error:
            ended = Failed(message=str(error), data=error)
        if not isinstance(ended, State):
            return Completed(message=ended, data=ended)
        if ended.is_failed():
            add_to_name((ended.message or "").partition("\n")[0])
        return ended

    return run


def counted(number: int, noun: str) -> str:
    """Return ``1 backup``, ``2 backups``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


_FLOWS, _TASKS = "prefect.flow_runs", "prefect.task_runs"


def without_trace(record: logging.LogRecord) -> bool:
    """Keep Prefect's stack traces of an error of ours out of the log: its message says what a person needs.

    What Prefect says of the run itself goes whole: the run's state says it already.
    """
    if not (record.exc_info and isinstance(record.exc_info[1], PipelineError)):
        return True
    record.exc_info = record.exc_text = None
    return record.name == _TASKS


for _name in (_FLOWS, _TASKS, "prefect.engine"):
    logging.getLogger(_name).addFilter(without_trace)
