"""Plays histories: ``python tests/region/simulate.py [--histories N] [--seed FIRST]``.

Each broken promise is told with the seed of its history; one history alone is told whole.
"""

import argparse
import gc
import multiprocessing
import os
import sys
import traceback
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parent), str(_HERE.parent.parent)]

import region_clock  # noqa: E402 - before the pipeline
from region_histories import History  # noqa: E402
from region_world import make_world  # noqa: E402

_WHOLE_WAY = 100
"""One history in so many goes through every byte of botocore; the others, which are the same, do not."""

_KEPT = 25
"""Histories after which a process frees what they left: to do it each time takes a sixth of the time."""


@dataclass
class Figures:
    """Counts over histories."""

    histories: int = 0
    kills: int = 0
    faults: int = 0
    requests: int = 0
    hours: float = 0.0
    wrong: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        """Add up."""
        return Figures(*(getattr(self, name) + getattr(other, name) for name in vars(self)))


def play(seed: int) -> tuple[Figures, list[str], list[str]]:
    """Play one history; return its figures, its steps and the broken promises."""
    history = History(seed)
    history.world.wire.short = seed % _WHOLE_WAY != 0
    try:
        broken = history.play()
    except Exception:  # noqa: BLE001 - told with its seed
        broken = traceback.format_exc().splitlines()[-8:]
    if seed % _KEPT == 0:
        gc.collect()
    world = history.world
    hours = world.clock.seconds / 3600
    figures = Figures(1, history.kills, world.wire.befallen, world.wire.count, hours, bool(broken))
    return figures, history.steps, broken


def main() -> int:
    """Play them on all cores, and say what came of it."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--histories", type=int, default=300)
    asked.add_argument("--seed", type=int, default=1)
    options = asked.parse_args()
    began, total = region_clock._real_monotonic(), Figures()
    seeds = range(options.seed, options.seed + options.histories)
    make_world()  # loads the flows and AWS's models, once for all processes
    gc.freeze()  # what is loaded stays
    gc.disable()  # a history is thrown away whole
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        for seed, (figures, steps, broken) in zip(seeds, pool.map(play, seeds, chunksize=5), strict=True):
            total += figures
            if broken or options.histories == 1:
                lines = [*steps, *broken] if options.histories == 1 else broken
                sys.stdout.write(f"seed {seed}:\n" + "".join(f"  {line}\n" for line in lines))
                sys.stdout.flush()
    seconds = region_clock._real_monotonic() - began
    sys.stdout.write(
        f"{total.histories} histories from seed {options.seed}: {total.kills} kills, {total.faults} faults, "
        f"{total.requests} requests, {total.hours:.0f} simulated hours in {seconds:.0f} s; "
        f"{total.wrong} with a wrong result\n"
    )
    return bool(total.wrong)


if __name__ == "__main__":
    sys.exit(main())
