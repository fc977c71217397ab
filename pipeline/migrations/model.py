"""Migrations that a database lacks."""

from pydantic import BaseModel, ConfigDict

from pipeline.errors import PipelineError


class SurveyError(PipelineError):
    """What the database lacks could not be read."""


class Operation(BaseModel):
    """One operation of a migration, as far as it touches the database."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: str
    """Django's own class, as RemoveField."""
    what: str
    """What Django says that it does."""
    reversible: bool
    """Django's word: whether it has a way back at all."""
    required: bool = False
    """Whether it adds a column that has to be filled in."""


class Migration(BaseModel):
    """A migration that is pending."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    app: str
    name: str
    marker: bool | None = None
    """``irreversible`` of the Migration class, where its author set it."""
    operations: tuple[Operation, ...] = ()

    @property
    def label(self) -> str:
        """Its name as Django's messages have it, ``app.name``."""
        return f"{self.app}.{self.name}"
