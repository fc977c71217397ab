"""Judges whether what was measured month by month has an end. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, linear_regression

HISTORY = {
    r"objects below releases/\w+/(records|schema)$": "records of releases and migrations, 2 KB each",
    r"log-archive[\w-]*: (objects|bytes)": "the archive of logs: two objects for each day and group",
    r"^disk: \w+ in aws/s3": "objects, which are judged bucket by bucket",
    r"^ecs: ACTIVE revisions": "ECS takes a million; ending one takes a right over the whole account",
}
"""What grows on purpose, by a pattern of its name, and why that is no leak."""

_SHARE = 0.02
"""Growth of a month that counts as none, as a share of what there is: draws differ from month to month."""
_SLACK = {"bytes": 256_000.0, "memory": 1_500_000.0}
"""Growth of a month that counts as none, in bytes."""
_FEW = 1.0
"""The same for everything that is counted one by one."""


@dataclass(frozen=True)
class Growth:
    """How one measure went."""

    name: str
    first: float
    last: float
    per_month: float
    """Slope of the line that fits the second half best."""
    verdict: str
    """``bounded``, ``history`` or ``GROWS``."""


def judge(months: Sequence[Mapping[str, int]]) -> list[Growth]:
    """Judge each measure by the second half of the months."""
    names = sorted({name for month in months for name in month})
    return [_judge(name, [float(month.get(name, 0)) for month in months]) for name in names]


def _judge(name: str, values: Sequence[float]) -> Growth:
    half = values[len(values) // 2 :]
    slope = linear_regression(range(len(half)), half).slope if len(half) > 1 else 0.0
    return Growth(name, values[0], values[-1], slope, _verdict(name, half, slope))


def _verdict(name: str, half: Sequence[float], slope: float) -> str:
    if slope <= max(_slack(name), _SHARE * fmean(half)) or not _goes_on(half):
        return "bounded"
    return "history" if any(re.search(pattern, name) for pattern in HISTORY) else "GROWS"


def _slack(name: str) -> float:
    return next((slack for word, slack in _SLACK.items() if name.startswith(word)), None) or (
        _SLACK["bytes"] if "bytes" in name else _FEW
    )


def _goes_on(half: Sequence[float]) -> bool:
    """Whether it rose in most months: one step up, as of a page of memory, is no growth."""
    rises = sum(after > before for before, after in pairwise(half))
    return rises * 2 > len(half) - 1
