"""Errors of the migrations domain."""

from pipeline.errors import PipelineError


class SurveyError(PipelineError):
    """What the database lacks could not be read."""
