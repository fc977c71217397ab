"""Survey of a release: its databases, and the migrations that the main one lacks."""

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.databases.model import FoundDatabase
from pipeline.errors import PipelineError
from pipeline.log_cause import advise


class SurveyError(PipelineError):
    """The application's answer about its databases and migrations could not be read."""


class Operation(BaseModel):
    """One operation of a migration, as far as it touches the database."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: str
    """Django's own class, as RemoveField."""
    what: str
    """What Django says that it does."""
    reversible: bool
    """Django's word: whether it can be reversed."""
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


_TAKES = "takes away what the release before uses"
_RENAMES = "renames what the release before uses"
_REASONS = {
    "RemoveField": _TAKES,
    "DeleteModel": _TAKES,
    "RenameField": _RENAMES,
    "RenameModel": _RENAMES,
    "AlterModelTable": _RENAMES,
    "AlterOrderWithRespectTo": "adds a column that the release before does not fill in",
}
"""Operations that Django can undo, with what they hide from code that does not know them."""


def irreversible(migrations: Iterable[Migration]) -> dict[str, str]:
    """Return why by label for each irreversible one; empty where all may stay under an older release."""
    found = {item.label: why_irreversible(item) for item in migrations}
    return {label: reason for label, reason in found.items() if reason}


def why_irreversible(migration: Migration) -> str:
    """Return the reason; "" for a migration that may stay under the release before.

    The author's word (``irreversible`` on the Migration class) counts before anything that is read from its
    operations, in both directions.
    """
    if migration.marker is not None:
        return "marked irreversible = True" if migration.marker else ""
    return " ".join(next(filter(None, map(_why, migration.operations)), "").split())


def _why(operation: Operation) -> str:
    if not operation.reversible:
        return f"{operation.what}: cannot be reversed"
    if operation.kind in _REASONS:
        return f"{operation.what}: {_REASONS[operation.kind]}"
    if operation.required:
        return f"{operation.what}: NOT NULL without db_default, which the release before does not fill in"
    return ""


class CheckMessage(BaseModel):
    """Message of one of Django's system checks, ``check --deploy`` included."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    """As urls.E004; "" where its author gave none."""
    text: str
    about: str = ""
    """Model, setting or application that it is about."""
    serious: bool = False
    """Whether Django itself refuses to go on: an error that is not silenced."""

    @property
    def line(self) -> str:
        """All of it in a line."""
        return f"{self.about}: " * bool(self.about) + f"{f'({self.id}) ' if self.id else ''}{self.text}"


class Survey(BaseModel):
    """Answer of a release's own Django."""

    model_config = ConfigDict(frozen=True)

    databases: tuple[FoundDatabase, ...] = ()
    pending: tuple[Migration, ...] = ()
    """Migrations that the main database lacks, in the order in which they would run."""
    known: tuple[str, ...] = ()
    """Every migration that the release has, as app.name."""
    unreadable: str = ""
    """Django's error where it could not tell them: the database cannot be opened, migrations conflict, ..."""
    checks: tuple[CheckMessage, ...] = ()
    """Warnings and errors of Django's system checks."""
    broken: str = ""
    """Exception that ended the checks: an address or a view that cannot be loaded."""

    def require_sound(self) -> None:
        """Refuse a release that Django's own checks refuse, or that cannot be loaded.

        Raises:
            SurveyError: says what they found; the first line is the cause.
        """
        errors = [item.line for item in self.checks if item.serious]
        if self.broken:
            errors.insert(0, self.broken)
        if not errors:
            return
        more = f" (and {len(errors) - 1} more)" if errors[1:] else ""
        told = (
            f"{errors[0]}{more}",
            advise(errors[0]),
            *(f"  {line}" for line in errors[1:6]),
            _NOT_TOUCHED,
        )
        raise SurveyError("\n".join(filter(None, told)))


_NOT_TOUCHED = (
    "Visitors would meet it; Django's `check --deploy` in the release's image says the same. Nothing was "
    "migrated, and the service was not touched."
)
_DATABASE = "VIMBISO-DATABASE "
_KNOWN = "VIMBISO-KNOWN "
_LINE = "VIMBISO-MIGRATION "
_END = "VIMBISO-MIGRATIONS "
_UNREADABLE = "VIMBISO-UNREADABLE "
_CHECK = "VIMBISO-CHECK "
_BROKEN = "VIMBISO-BROKEN "


def survey_command(manage: Iterable[str]) -> tuple[str, ...]:
    """Return the command of a task that surveys: what Django's ``shell -c`` runs changes nothing."""
    return (*manage, "shell", "-c", _code("survey.py"))


def rehearsal_command(manage: Iterable[str], start: Iterable[str], patience: int = 0) -> tuple[str, ...]:
    """Return the command of a task that surveys and, where nothing is pending, starts the application.

    With ``patience``, so many seconds, it waits until nothing is pending any more, and tells nothing.
    """
    survey = survey_command(manage)
    return ("python3", "-c", _code("rehearse.py"), str(patience), str(len(survey)), *survey, *start)


@cache
def _code(name: str) -> str:
    return files("pipeline.migrations.job").joinpath(name).read_text(encoding="utf-8")


def is_complete(lines: Iterable[str]) -> bool:
    """Whether the answer is there to its end: log lines arrive late."""
    return any(line.startswith((_END, _UNREADABLE)) for line in lines)


def read_survey(lines: Iterable[str]) -> Survey:
    """Return what the application told.

    Raises:
        SurveyError: the answer is not whole, or is not what this version understands.
    """
    told = list(lines)

    def tagged(tag: str) -> list[str]:
        return [line.removeprefix(tag).strip() for line in told if line.startswith(tag)]

    found, numbers, errors = tagged(_LINE), tagged(_END), tagged(_UNREADABLE)
    if not errors and numbers[:1] != [str(len(found))]:
        raise SurveyError(
            f"The application told {len(found)} pending migrations and its answer says "
            f"{numbers[0] if numbers else 'nothing of their number'}. Nothing was migrated; run it again, "
            "and look whether the task's log reaches its log group."
        )
    try:
        return Survey(
            databases=tuple(map(FoundDatabase.model_validate_json, tagged(_DATABASE))),
            pending=() if errors else tuple(map(Migration.model_validate_json, found)),
            known=_known(tagged(_KNOWN)),
            unreadable=" ".join(str(json.loads(item)) for item in errors[:1]),
            checks=tuple(map(CheckMessage.model_validate_json, tagged(_CHECK))),
            broken=" ".join(str(json.loads(item)) for item in tagged(_BROKEN)[:1]),
        )
    except ValidationError as error:
        raise SurveyError(
            f"What the application tells of its databases and migrations is not understood: {error}"
        ) from error


class _App(BaseModel):
    app: str
    names: tuple[str, ...]


def _known(lines: Iterable[str]) -> tuple[str, ...]:
    apps = map(_App.model_validate_json, lines)
    return tuple(f"{item.app}.{name}" for item in apps for name in item.names)


def newer(applied: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Return the applied migrations, in the order of their application, that a later release has made.

    They are of an app that this release has, and came after the last one that it knows of that app. What came
    before are the parts of a squashed migration, and an app that the release has not is one that was removed.
    """
    known = set(known)
    apps = {label.partition(".")[0] for label in known}
    after: dict[str, list[str]] = {}
    for label in applied:
        app = label.partition(".")[0]
        if label in known:
            after[app] = []
        elif app in apps:
            after.setdefault(app, []).append(label)
    return tuple(label for labels in after.values() for label in labels)
