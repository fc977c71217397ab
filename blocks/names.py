"""The environments' names as a type, which the UI shows as a drop-down list."""

from typing import TYPE_CHECKING, Literal

from pipeline.environment.loader import environments

if TYPE_CHECKING:
    EnvironmentName = str
else:
    EnvironmentName = Literal[tuple(environments())]
