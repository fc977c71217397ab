"""Settings from environment variables, each checked, and the sentence about one that is not usable."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from deployments.paths import PROJECT
from pipeline.errors import PipelineError


class SettingsError(PipelineError):
    """A variable is not usable."""


def _port(value: object) -> object:
    """Refuse also what Python takes for a number and an address does not, such as ``4566 `` and ``4_566``."""
    text = str(value)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ValueError("set it to a port number from 1 to 65535")
    return value


STATE = PROJECT / ".local"
StateFolder = Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())]
Port = Annotated[int, BeforeValidator(_port)]


class Variables(BaseSettings):
    """Base of settings: a variable is named as its field, behind the prefix; an empty one counts for none."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, validate_default=False)

    @classmethod
    def read(cls) -> Self:
        """Read the process environment.

        Raises:
            SettingsError: naming the variable and what is wrong with it.
        """
        try:
            return cls()
        except ValidationError as error:
            raise SettingsError(cls._sentence(error)) from error

    @classmethod
    def _sentence(cls, error: ValidationError) -> str:
        first = error.errors()[0]
        message = first["msg"].removeprefix("Value error, ")
        if not first["loc"]:
            return message
        name = str(first["loc"][0])
        variable = f"{cls.model_config['env_prefix']}{name}".upper() if name in cls.model_fields else name
        return f"{variable} is {first['input']!r}: {message}."
