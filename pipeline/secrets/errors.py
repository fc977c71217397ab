"""Errors of the secrets domain. None of them carries a value, nor is chained to an error that does."""

from pipeline.errors import PipelineError


class SecretsError(PipelineError):
    """The application's secret could not be read or written."""


class SecretUnavailableError(SecretsError):
    """The secret does not exist or is scheduled for deletion."""


class SecretFormatError(SecretsError):
    """The secret in Secrets Manager is not a JSON object."""


class SecretValuesError(SecretsError):
    """The values to write are incomplete or too large; ``keys`` names those at fault."""

    def __init__(self, message: str, keys: tuple[str, ...] = ()) -> None:
        self.keys = keys
        super().__init__(message)


class SecretConflictError(SecretsError):
    """Somebody else wrote the secret at the same time."""
