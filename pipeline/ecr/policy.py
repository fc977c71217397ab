"""Which images a cleanup may delete, as plain values. Pure."""

from dataclasses import dataclass
from datetime import timedelta

from pipeline.ecr.errors import EcrError


@dataclass(frozen=True)
class CleanupPolicy:
    """Everything not kept by one of these, nor in use, goes.

    Raises:
        EcrError: a number is out of range.
    """

    keep_newest: int = 20
    """Newest tagged images that stay."""
    keep_days: int = 30
    """Tagged images younger than this stay."""
    keep_tags: tuple[str, ...] = ("latest", "*cache*")
    """Images with a tag of one of these shell patterns stay."""
    grace: timedelta = timedelta(hours=24)
    """Whatever is younger stays: a push uploads an index's children, untagged, before the index."""
    max_share: float = 0.5
    """Largest part of the repository's images that one run deletes; the rest waits for the next."""

    def __post_init__(self) -> None:
        if self.keep_newest < 1 or self.keep_days < 0 or not 0 <= self.max_share <= 1:
            raise EcrError(
                f"The cleanup policy is not usable: keep_newest={self.keep_newest} (at least 1), "
                f"keep_days={self.keep_days} (0 or more), max_share={self.max_share} (0 to 1). Correct it."
            )
