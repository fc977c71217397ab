"""Who may assume a role, as its trust policy says. Pure."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

_ASSUME = frozenset({"sts:assumerole", "sts:*", "*"})


def may_assume(document: str | Mapping[str, Any], service: str) -> bool:
    """Whether a trust policy lets an AWS service assume the role; its conditions are not judged.

    Args:
        document: IAM's AssumeRolePolicyDocument, URL-encoded JSON (RFC 3986) or parsed.
        service: such as ``ecs-tasks.amazonaws.com``.
    """
    policy = json.loads(unquote(document)) if isinstance(document, str) else document
    statements = [item for item in _list(policy.get("Statement")) if _speaks_of(item, service)]
    return bool(statements) and all(item.get("Effect") == "Allow" for item in statements)


def _speaks_of(statement: Any, service: str) -> bool:
    if not isinstance(statement, Mapping):
        return False
    principal = statement.get("Principal")
    services = _list(principal.get("Service")) if isinstance(principal, Mapping) else _list(principal)
    actions = {str(action).lower() for action in _list(statement.get("Action"))}
    return bool(actions & _ASSUME) and (service in services or "*" in services)


def _list(value: Any) -> list[Any]:
    """IAM writes one element without its list (IAM JSON policy grammar)."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
