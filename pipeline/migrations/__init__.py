"""Which of a release's Django migrations are pending, and whether the release before can live with them."""

from pipeline.migrations.errors import SurveyError
from pipeline.migrations.judge import irreversible, why_irreversible
from pipeline.migrations.model import Migration, Operation
from pipeline.migrations.survey import read_survey, survey_command, told_all

__all__ = [
    "Migration",
    "Operation",
    "SurveyError",
    "irreversible",
    "read_survey",
    "survey_command",
    "told_all",
    "why_irreversible",
]
