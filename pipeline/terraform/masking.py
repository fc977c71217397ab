"""Hides secret values in everything that leaves Terraform's process."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self

MASK = "(secret)"
_SHORTEST = 4
"""Shorter values would mask harmless text everywhere."""


@dataclass(frozen=True)
class Masker:
    """Replaces known secret values by a mask."""

    secrets: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, secrets: Iterable[str | None]) -> Self:
        """Build a masker; secrets of many lines are masked line by line too, as Terraform prints them."""
        values = {part for secret in secrets if secret for part in (secret, *secret.splitlines())}
        long_enough = [value for value in values if len(value.strip()) >= _SHORTEST]
        return cls(tuple(sorted(long_enough, key=lambda value: (-len(value), value))))

    def text(self, text: str) -> str:
        """Mask the secrets in a string."""
        for secret in self.secrets:
            text = text.replace(secret, MASK)
        return text

    def document(self, value: Any, *, keys: bool = True) -> Any:
        """Mask the secrets in every string of a parsed JSON document, and in its ``keys`` where asked for."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {
                self.text(key) if keys else key: self.document(item, keys=keys) for key, item in value.items()
            }
        if isinstance(value, list):
            return [self.document(item, keys=keys) for item in value]
        return value
