"""Protection of the state bucket and the lock table: looked at, made and repaired, never weakened."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

SID = "DenyInsecureTransport"


def requires_tls(policy: str | None) -> bool:
    """Tell whether the policy has a statement that denies everyone plain HTTP for every action."""
    return any(_denies_http(statement) for statement in _statements(policy))


def with_tls(policy: str | None, bucket: str, partition: str = "aws") -> str:
    """Return the policy with the TLS-only statement added; every other statement is kept."""
    kept = [statement for statement in _statements(policy) if statement.get("Sid") != SID]
    resource = f"arn:{partition}:s3:::{bucket}"
    statement = {
        "Sid": SID,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [resource, f"{resource}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [*kept, statement]})


def _statements(policy: str | None) -> list[dict[str, Any]]:
    if not policy:
        return []
    found = json.loads(policy).get("Statement", [])
    return [found] if isinstance(found, dict) else list(found)


def _denies_http(statement: dict[str, Any]) -> bool:
    conditions = statement.get("Condition", {})
    secure = conditions.get("Bool", {}).get("aws:SecureTransport")
    return (
        statement.get("Effect") == "Deny"
        and statement.get("Principal") in ("*", {"AWS": "*"})
        and statement.get("Action") in ("s3:*", "*", ["s3:*"], ["*"])
        and str(secure).lower() in {"false", "['false']"}
        and len(conditions) == 1
    )


Done = Literal["kept", "created", "repaired", "missing"]


@dataclass(frozen=True)
class Setting:
    """One setting of the state's bucket or table."""

    subject: str
    """Name of the bucket or table."""
    setting: str
    found: str
    """What there was before, in words."""
    done: Done


@dataclass(frozen=True)
class BootstrapReport:
    """All settings, in the order in which they were looked at."""

    settings: tuple[Setting, ...]

    @property
    def changed(self) -> bool:
        """Whether anything was created or repaired."""
        return any(setting.done in {"created", "repaired"} for setting in self.settings)


@dataclass(frozen=True)
class ProtectionSetting:
    """One setting: how to look at it (what was found, whether it is right), and how to set it right."""

    name: str
    look: Callable[[], tuple[str, bool]]
    repair: Callable[[], None]
