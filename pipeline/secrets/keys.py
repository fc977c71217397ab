"""Keys of the secret: those that the application needs, and those that its task definition reads. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.secrets.change import SecretSync

REQUIRED_KEYS = (
    "DJANGO_SECRET",
    "MYCREDEX_APP_URL",
    "WHATSAPP_BOT_API_KEY",
    "WHATSAPP_API_URL",
    "WHATSAPP_ACCESS_TOKEN",
    "WHATSAPP_PHONE_NUMBER_ID",
)
"""What the deployment guide calls required, without the AWS keys: those are the pipeline's own."""

_ARN_PARTS = 7
"""arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME, before :KEY:STAGE:VERSION (ECS, "Pass Secrets
Manager secrets through environment variables")."""


@dataclass(frozen=True)
class KeyReport:
    """Keys that the task definition reads, against those set in the secret; names only, sorted."""

    used: tuple[str, ...]
    missing: tuple[str, ...]
    """Used but not set: the next task fails to start (ResourceInitializationError)."""
    unused: tuple[str, ...]
    """Set but not used by any container."""
    elsewhere: tuple[str, ...] = ()
    """Variables from other secrets or SSM parameters: only a task that starts shows whether those resolve."""

    @property
    def complete(self) -> bool:
        """Whether every key that a container reads is set."""
        return not self.missing


def compare_keys(task_definition: Mapping[str, Any], secret_arn: str, keys: Collection[str]) -> KeyReport:
    """Compare the ``secrets`` of a task definition (as DescribeTaskDefinition answers it) with ``keys``.

    References to other secrets and to SSM parameters are only named. A reference to the whole secret uses
    every key and misses none.
    """
    own, elsewhere = _references(task_definition, secret_arn)
    references = set(own)
    used = references - {""} | (set(keys) if "" in references else set())
    return KeyReport(
        used=tuple(sorted(used)),
        missing=tuple(sorted(used - set(keys))),
        unused=tuple(sorted(set(keys) - used)),
        elsewhere=tuple(sorted(set(elsewhere))),
    )


def _references(task_definition: Mapping[str, Any], secret_arn: str) -> tuple[list[str], list[str]]:
    """Return the keys referred to ("" for the secret as a whole), and the variables of other sources."""
    own, elsewhere = [], []
    for container in task_definition.get("containerDefinitions", ()):
        for secret in container.get("secrets", ()):
            parts = str(secret["valueFrom"]).split(":")
            if _same_secret(":".join(parts[:_ARN_PARTS]), secret_arn):
                own.append(parts[_ARN_PARTS] if len(parts) > _ARN_PARTS else "")
            else:
                elsewhere.append(str(secret["name"]))
    return own, elsewhere


def _same_secret(first: str, second: str) -> bool:
    """Whether two ARNs name one secret: either may lack the six characters that AWS appends."""
    longer, shorter = sorted((first, second), key=len, reverse=True)
    suffix = longer.removeprefix(shorter)
    return longer.startswith(shorter) and (
        not suffix or (suffix.startswith("-") and len(suffix) == len("-AbCdEf"))
    )


def unset_keys(sync: SecretSync, report: KeyReport) -> tuple[str, ...]:
    """Return the keys that the task definition reads and nobody set, nor would set by this sync."""
    return tuple(sorted(set(report.missing) - set(sync.added)))


def key_rows(sync: SecretSync, report: KeyReport) -> tuple[dict[str, str], ...]:
    """Return one row for each key that is set, written, or read by the task definition."""
    return tuple(
        {"key": key, "value": _value(key, sync, report), "task definition": _use(key, report)}
        for key in sorted({*report.used, *report.unused, *_touched(sync)})
    )


def _touched(sync: SecretSync) -> Iterator[str]:
    yield from (*sync.added, *sync.updated, *sync.kept)


def _value(key: str, sync: SecretSync, report: KeyReport) -> str:
    done = "would be " if sync.dry_run else ""
    for what, keys in (("added", sync.added), ("updated", sync.updated)):
        if key in keys:
            return done + what
    if key in report.missing:
        return "NOT SET: no task starts without it"
    return "not in the block, left alone" if key in sync.kept else "unchanged"


def _use(key: str, report: KeyReport) -> str:
    return "reads it" if key in report.used else "does not read it"
