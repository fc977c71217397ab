"""Whether every copy that a loss would be made good from is there and fresh."""

from pipeline.freshness.judge import LIMIT, Copies, Finding, Freshness, judge
from pipeline.freshness.survey import find_copies

__all__ = ["LIMIT", "Copies", "Finding", "Freshness", "find_copies", "judge"]
