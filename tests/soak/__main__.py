"""Plays a year on one local stack whose clock is moved from night to night, and measures what it keeps.

python -m soak                     365 days, or as many as fit into an hour
python -m soak --days 20           as many as that
python -m soak --out FOLDER        also writes months.json and growth.md there
"""

import argparse
import json
import sys
import time
from pathlib import Path

from soak.days import Days
from soak.growth import Growth, judge
from soak.measures import Measures, measure
from soak.moved import MovedClock, enter_moved_time
from soak.standing import standing

MONTH = 30


def main() -> int:
    """Play it; 1 where something grows without end, or a run ended as none of its kind should."""
    options = _options()
    clock = MovedClock(enter_moved_time([sys.executable, "-m", "soak", *sys.argv[1:]]))
    with standing(clock) as house:
        return play(Days(house, clock, options.seed), options)


def play(days: Days, options: argparse.Namespace) -> int:
    """Play the days on a stack that stands, and judge."""
    months: list[Measures] = []
    began = time.monotonic()
    played = 0
    while played < options.days and time.monotonic() - began < options.minutes * 60:
        days.play(played)
        played += 1
        if played % options.month == 0:
            months.append(measure(days.house))
            _tell(played, time.monotonic() - began, months[-1], days)
            _keep(options.out, months, days, played)
    _say(f"{played} days in {(time.monotonic() - began) / 60:.0f} minutes", *days.surprises)
    if not months:
        return 1
    growths = judge(months)
    _say(*(_line(item) for item in growths if item.verdict != "bounded"))
    if options.out:
        (options.out / "growth.md").write_text(_table(growths))
    return int(bool(days.surprises) or any(item.verdict == "GROWS" for item in growths))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--minutes", type=float, default=60, help="no day begins after these")
    parser.add_argument("--month", type=int, default=MONTH, help="days between two measurements")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="folder for the figures of each month")
    return parser.parse_args()


def _tell(day: int, seconds: float, found: Measures, days: Days) -> None:
    sums = {
        shown: sum(value for name, value in found.items() if name.startswith(f"{shown}: bytes")) / 1e6
        for shown in ("prefect", "disk", "memory", "log")
    }
    figures = ", ".join(f"{name} {value:.1f} MB" for name, value in sums.items())
    runs, surprises = sum(days.runs.values()), len(days.surprises)
    _say(f"day {day}, {seconds:.0f} s: {runs} runs, {surprises} surprises; {figures}")


def _keep(folder: Path | None, months: list[Measures], days: Days, played: int) -> None:
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        document = {"days": played, "runs": days.runs, "surprises": days.surprises, "months": months}
        (folder / "months.json").write_text(json.dumps(document, indent=1))


def _line(item: Growth) -> str:
    return (
        f"{item.verdict}: {item.name}: {item.first:,.0f} to {item.last:,.0f}, {item.per_month:+,.1f} a month"
    )


def _table(growths: list[Growth]) -> str:
    head = (
        "| kept | at first | at the end | a month, second half | verdict |\n| --- | --- | --- | --- | --- |\n"
    )
    return head + "".join(
        f"| {item.name} | {item.first:,.0f} | {item.last:,.0f} | {item.per_month:+,.1f} | {item.verdict} |\n"
        for item in growths
    )


def _say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
