"""The application's secret: its keys, and values on their way to Secrets Manager. Values never come out."""

from pipeline.secrets.change import SecretChange
from pipeline.secrets.errors import (
    SecretConflictError,
    SecretFormatError,
    SecretsError,
    SecretUnavailableError,
    SecretValuesError,
)
from pipeline.secrets.keys import REQUIRED_KEYS, KeyReport, compare_keys
from pipeline.secrets.sync import SecretSync, missing_keys, secret_keys, sync_secret, values_written
from pipeline.secrets.table import key_rows, unset_keys

__all__ = [
    "REQUIRED_KEYS",
    "KeyReport",
    "SecretChange",
    "SecretConflictError",
    "SecretFormatError",
    "SecretSync",
    "SecretUnavailableError",
    "SecretValuesError",
    "SecretsError",
    "compare_keys",
    "key_rows",
    "missing_keys",
    "secret_keys",
    "sync_secret",
    "unset_keys",
    "values_written",
]
