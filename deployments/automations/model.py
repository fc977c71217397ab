"""automations.yaml as typed values, filled in for one environment."""

from collections.abc import Callable, Collection
from pathlib import Path
from string import Template
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from pipeline.environment.model import Environment
from pipeline.errors import PipelineError
from pipeline.source.location import repository_id

FILE = Path(__file__).with_name("automations.yaml")


class AutomationsFileError(PipelineError):
    """automations.yaml is not what this version understands."""


class FileEntry(BaseModel):
    """An entry of a file of ours: nothing unknown is in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Notify(FileEntry):
    """A message to every notification block of the environment."""

    subject: str
    body: str


class SetState(FileEntry):
    """A state for the run that the trigger is about."""

    state: str
    message: str


class RunDeployment(FileEntry):
    """A run of a deployment."""

    deployment: str
    """FLOW/ENVIRONMENT."""
    parameters: dict[str, Any]


class AutomationEntry(FileEntry):
    """One automation of one environment; does exactly one of ``notify``, ``state`` and ``run``."""

    name: str
    description: str
    trigger: dict[str, Any]
    """As Prefect's EventTrigger has it."""
    flows: list[str] = []
    other_flows: list[str] = []
    scheduled: str | None = None
    repository: bool = False
    enabled: bool = True
    notify: Notify | None = None
    state: SetState | None = None
    run: RunDeployment | None = None

    @model_validator(mode="after")
    def _does_one_thing(self) -> "AutomationEntry":
        if sum(item is not None for item in (self.notify, self.state, self.run)) != 1:
            raise ValueError("needs exactly one of notify, state and run")
        return self

    def flow_names(self, known: Collection[str]) -> list[str]:
        """Return the flows that the trigger is narrowed to; empty: all.

        Raises:
            AutomationsFileError: a flow that does not exist.
        """
        if unknown := {*self.flows, *self.other_flows} - set(known):
            raise AutomationsFileError(
                f"{FILE.name}: {self.name!r} names {min(unknown)!r}, which is no flow."
            )
        return self.flows or (sorted({*known} - {*self.other_flows}) if self.other_flows else [])


def entries_for(item: Environment, scheduled: Collection[str], file: Path = FILE) -> list[AutomationEntry]:
    """Return the automations of an environment in which the ``scheduled`` flows have a schedule.

    Raises:
        AutomationsFileError: the file cannot be understood.
    """
    repository = repository_id(item.source.repository) or ""
    values = {"environment": item.name, "branch": item.branch, "repository": repository}
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))["automations"]
        filled = _mapped(raw, lambda text: Template(text).substitute(values))
        found = [AutomationEntry.model_validate(entry) for entry in filled]
    except (KeyError, ValueError, ValidationError, yaml.YAMLError) as error:
        raise AutomationsFileError(f"{file} cannot be understood: {error}") from error
    return [
        entry
        for entry in found
        if (entry.scheduled is None or entry.scheduled in scheduled)
        and (not entry.repository or repository_id(item.source.repository))
    ]


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """Apply ``change`` to every text of a document, keys left alone."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_mapped(item, change) for item in value]
    if isinstance(value, dict):
        return {key: _mapped(item, change) for key, item in value.items()}
    return value
