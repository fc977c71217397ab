"""What is in use, as plain values. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Protection:
    """What no cleanup may touch, each with who uses it."""

    digests: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    """Tags that a task definition names without a digest."""
    own_digests: frozenset[str] = frozenset()
    """Those of ``digests`` that are certainly meant to be in this repository."""
