"""Measurements as values, and what is worked out from them. Pure."""

import math
import statistics
from dataclasses import dataclass

LINEAR = 1.1
"""Largest exponent that still counts as linear: a tenth is left to chance."""


@dataclass(frozen=True)
class Series:
    """One thing, measured one or more times."""

    name: str
    unit: str
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError(f"{self.name} was never measured")

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    @property
    def low(self) -> float:
        """The least."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The greatest."""
        return max(self.values)


@dataclass(frozen=True)
class Curve:
    """How something grows: (size, measurement) in order of size; sizes and measurements above 0."""

    name: str
    size: str
    """What the size counts."""
    unit: str
    points: tuple[tuple[float, float], ...]

    @property
    def exponent(self) -> float:
        """Exponent k of the power law ``y ~ x**k`` through all points, by least squares of the logarithms."""
        logs = [(math.log(x), math.log(y)) for x, y in self.points]
        return statistics.linear_regression([x for x, _ in logs], [y for _, y in logs]).slope

    @property
    def last_exponent(self) -> float:
        """The same through the last two points, where fixed costs hide the growth least."""
        return Curve(self.name, self.size, self.unit, self.points[-2:]).exponent

    @property
    def linear_or_better(self) -> bool:
        """Whether neither exponent is above that of a line."""
        return max(self.exponent, self.last_exponent) <= LINEAR


@dataclass(frozen=True)
class Goal:
    """What was wanted, and what came of it."""

    requested: str
    measured: str
    met: bool
    remark: str = ""
    """Where it was missed: why, and what would be needed."""


@dataclass(frozen=True)
class Table:
    """Text in rows, as it stands on the page."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Report:
    """What one entry of the benchmark found."""

    name: str
    title: str
    groups: tuple[tuple[Series, ...], ...] = ()
    """What is compared with each other: the others of a group with its first."""
    curves: tuple[Curve, ...] = ()
    tables: tuple[Table, ...] = ()
    goals: tuple[Goal, ...] = ()
    remarks: tuple[str, ...] = ()
    failure: str = ""
    """Why there are no figures."""


def ratio(of: Series, to: Series) -> float:
    """Return how many times the median of ``to`` the median of ``of`` is; infinite where that is 0."""
    return of.median / to.median if to.median else math.inf


def at_most(requested: str, value: float, limit: float, unit: str, remark: str = "") -> Goal:
    """Make a goal that is met by ``limit`` or less; the remark is for when it is not."""
    met = value <= limit
    return Goal(requested, f"{number(value)} {unit}".strip(), met, "" if met else remark)


def at_least(requested: str, value: float, limit: float, unit: str, remark: str = "") -> Goal:
    """Make a goal that is met by ``limit`` or more; the remark is for when it is not."""
    met = value >= limit
    return Goal(requested, f"{number(value)} {unit}".strip(), met, "" if met else remark)


def growth_goal(curve: Curve, why: str = "") -> Goal:
    """Make the goal that a curve is linear or better; ``why`` is shown where it is missed."""
    measured = f"exponent {curve.exponent:.2f}, at its end {curve.last_exponent:.2f}"
    met = curve.linear_or_better
    return Goal(f"{curve.name}: linear or better", measured, met, "" if met else why)


def number(value: float) -> str:
    """Write a number with three significant figures, whole ones of three digits and more in full."""
    if not math.isfinite(value):
        return str(value)
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    digits = 2 - math.floor(math.log10(abs(value)))
    return f"{value:.{max(digits, 0)}f}"
