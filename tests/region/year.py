"""A year of pushes, schedules and failures in virtual time: ``python tests/region/year.py [--days N]``.

Tells for every thirty days what the pipeline keeps, and at the end which promises were broken.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parent), str(_HERE.parent.parent)]

import region_clock  # noqa: E402 - before the pipeline
from region_histories import History  # noqa: E402

DAY, MONTH = 86_400, 30
_BUCKETS = ("backups", "archive")
_PUSHES = 3
"""Most pushes in a working day; releases are good and bad as in any history."""


class Year(History):
    """One history that goes on for months."""

    def day(self, number: int) -> None:
        """Play one day: its schedules, what people push, and what goes wrong."""
        begin, draw = self.world.clock.seconds, self.random
        self.end(self.run("backup"))
        self.end(self.run("cleanup"))
        if number % 7 == 6:
            self.end(self.run("drill"))
        for _ in range(draw.randint(0, _PUSHES) if number % 7 < 5 else 0):
            self.world.wait(draw.uniform(600, 3 * 3600))
            (self._deploy_killed if draw.random() < 0.1 else self._deploy)()
            self.end(self.run("verify"))
        if number % 30 == 17:
            self._rollback()
        if number % 90 == 40:
            self._restore()
        self.world.wire.lines.clear()
        self.steps.clear()
        self.world.wait(max(0.0, begin + DAY - self.world.clock.seconds))

    def kept(self) -> dict[str, int]:
        """Count what the pipeline keeps: objects by the beginning of their key, images, revisions."""
        world, found = self.world, Counter[str]()
        for bucket in _BUCKETS:
            for key, blob in world.storage._bucket(bucket).items():
                parts = [part for part in key.split("/")[:-1] if part != "staging" and not part.isdigit()]
                found[f"{bucket}: {'/'.join(parts)}"] += 1
                found["bytes"] += len(blob.body)
        found["images"] = len(world.registry.images)
        statuses = (item["status"] for item in world.ecs.definitions.values())
        found["task definitions"] = sum(status == "ACTIVE" for status in statuses)
        found["one-off tasks at work"] = len(world.ecs.tasks.alive()) - len(
            world.ecs.tasks.alive(world.service.group)
        )
        return dict(found)


def main() -> int:
    """Play it, and say what came of it."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--days", type=int, default=365)
    asked.add_argument("--seed", type=int, default=1)
    options = asked.parse_args()
    began = region_clock._real_monotonic()
    year = Year(options.seed)
    year.world.wire.short = True
    year._deploy()
    for number in range(options.days):
        year.day(number)
        if number % MONTH == MONTH - 1:
            kept = ", ".join(f"{count} {kind}" for kind, count in sorted(year.kept().items()))
            sys.stdout.write(f"day {number + 1}: {year.number} releases, {year.kills} kills; {kept}\n")
            sys.stdout.flush()
    seconds = region_clock._real_monotonic() - began
    broken = year.watch.broken
    sys.stdout.write("".join(f"{line}\n" for line in broken))
    sys.stdout.write(
        f"{options.days} days, {year.number} releases, {year.kills} kills, {year.world.wire.count} requests "
        f"in {seconds:.0f} s; {len(broken)} promises broken\n"
    )
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
