"""How to ask the application's own Django which migrations are pending, and what its answer means. Pure."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from pydantic import ValidationError

from pipeline.migrations.model import Migration, SurveyError

_LINE = "VIMBISO-MIGRATION "
_END = "VIMBISO-MIGRATIONS "


@cache
def survey_command() -> tuple[str, ...]:
    """Return the container's command; it changes nothing."""
    text = files("pipeline.migrations.job").joinpath("survey.py").read_text(encoding="utf-8")
    return ("python", "manage.py", "shell", "-c", text)


def told_all(lines: Iterable[str]) -> bool:
    """Whether the answer is there to its end: log lines arrive late."""
    return any(line.startswith(_END) for line in lines)


def read_survey(lines: Iterable[str]) -> tuple[Migration, ...]:
    """Return the pending migrations in the order in which they would run.

    Raises:
        SurveyError: the answer is not whole, or is not what this version understands.
    """
    lines = list(lines)
    found = [line.removeprefix(_LINE) for line in lines if line.startswith(_LINE)]
    numbers = [line.removeprefix(_END).strip() for line in lines if line.startswith(_END)]
    if numbers[:1] != [str(len(found))]:
        raise SurveyError(
            f"The application told {len(found)} pending migrations and its answer says "
            f"{numbers[0] if numbers else 'nothing of their number'}. Nothing was migrated; run it again, "
            "and look whether the task's log reaches its log group."
        )
    try:
        return tuple(map(Migration.model_validate_json, found))
    except ValidationError as error:
        raise SurveyError(
            f"What the application tells of its migrations is not understood: {error}"
        ) from error
