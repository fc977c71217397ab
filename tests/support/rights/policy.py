"""Judge of policies, as AWS documents it: a Deny wins, and what no statement allows is denied.

What the project's policies do not use (NotAction, policy variables, ...IfExists) is an error, not a guess.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from support.rights.reference import lists_key

Statement = Mapping[str, Any]
_ELEMENTS = {"Sid", "Effect", "Action", "Resource", "Condition", "Principal"}


@dataclass(frozen=True)
class Ask:
    """One question to IAM: may this be done to that resource, in these circumstances."""

    action: str
    resource: str
    type_name: str = ""
    """Resource type of the reference; empty where the action knows none."""
    context: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """What a statement lacks."""
        given = ", ".join(f"{key}={value}" for key, value in self.context if self._has(key))
        return f"{self.action} on {self.resource}" + (f" with {given}" if given else "")

    def value(self, key: str) -> str | None:
        """Return the value of a condition key; None where the request has none."""
        found = next((value for name, value in self.context if name.lower() == key.lower()), None)
        return found if found is not None and self._has(key) else None

    def _has(self, key: str) -> bool:
        return lists_key(self.action, self.type_name, key)


def is_allowed(statements: Iterable[Statement], ask: Ask) -> bool:
    """Decide on one question by the statements of one or more policies."""
    effects = {statement["Effect"] for statement in statements if applies(statement, ask)}
    return "Allow" in effects and "Deny" not in effects


def denied(statements: Iterable[Statement], asks: Iterable[Ask]) -> list[str]:
    """Return what is not allowed, each as the statement that lacks."""
    known = list(statements)
    return sorted({str(ask) for ask in asks if not is_allowed(known, ask)})


def applies(statement: Statement, ask: Ask) -> bool:
    """Whether a statement speaks of the question."""
    unknown = statement.keys() - _ELEMENTS
    assert not unknown, f"The judge does not know {sorted(unknown)}: {statement}"
    actions = many(statement["Action"])
    return (
        any(_like(pattern.lower(), ask.action.lower()) for pattern in actions)
        and any(_like(pattern, ask.resource) for pattern in many(statement.get("Resource", "*")))
        and all(
            _holds(operator, wanted, ask.value(key))
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def many(value: Any) -> list[str]:
    """Return a list where a policy may have one string or several."""
    return [value] if isinstance(value, str) else list(value)


def _holds(operator: str, wanted: Any, value: str | None) -> bool:
    """Whether one condition holds: a key that the request lacks fulfils none of these operators."""
    compare = {
        "StringEquals": lambda pattern: pattern == value,
        "StringLike": lambda pattern: _like(pattern, str(value)),
        "ArnEquals": lambda pattern: _like_arn(pattern, str(value)),
        "ArnLike": lambda pattern: _like_arn(pattern, str(value)),
        "Bool": lambda pattern: pattern.lower() == str(value).lower(),
    }
    assert operator in compare, f"The judge does not know {operator}"
    return value is not None and any(compare[operator](pattern) for pattern in many(wanted))


def _like_arn(pattern: str, arn: str) -> bool:
    """Compare part by part: a star does not reach over a colon, but in the last part."""
    patterns, parts = pattern.split(":", 5), arn.split(":", 5)
    return len(patterns) == len(parts) and all(map(_like, patterns, parts))


def _like(pattern: str, value: str) -> bool:
    assert "${" not in pattern, f"The judge knows no policy variables: {pattern}"
    return _expression(pattern).fullmatch(value) is not None


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    text = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(text, re.DOTALL)
