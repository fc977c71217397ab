"""Measures the pipeline against what people use instead, and writes docs/benchmarks.md.

make bench               all of it, in under 20 minutes on two idle cores
make bench ONLY=cleanup  one entry; the others keep the figures that they have
make bench QUICK=1       small sizes, each once, only printed
"""

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bench import charts, page, store
from bench.archive import archive
from bench.backup import backup
from bench.cleanup import cleanup
from bench.deploy import deploy
from bench.fargate import fargate
from bench.figures import Report
from bench.overhead import overhead
from bench.restored import restored
from bench.services import services
from bench.start import start
from bench.webhook import webhook
from bench.workshop import QUICK, Sizes, Workshop

from deployments.paths import PROJECT

PAGE = PROJECT / "docs/benchmarks.md"
KEPT = PROJECT / "docs/benchmarks.json"
ENTRIES: dict[str, Callable[[Workshop], Report]] = {
    "start": start,
    "deploy": deploy,
    "fargate": fargate,
    "restored": restored,
    "overhead": overhead,
    "webhook": webhook,
    "backup": backup,
    "cleanup": cleanup,
    "archive": archive,
    "services": services,
}


def main() -> int:
    """Run what is asked for; 1 where an entry has no figures."""
    options = _options()
    chosen = options.only or list(ENTRIES)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        shop = Workshop(QUICK if options.quick else Sizes(), folder, stack)
        reports = [_measure(name, shop) for name in chosen]
    if options.quick:
        print(page.render(reports, machine()))  # noqa: T201 - the command's answer
    else:
        _write(reports)
    return int(any(report.failure for report in reports))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, each once; writes nothing")
    parser.add_argument("--only", type=_names, help=f"some of {', '.join(ENTRIES)}; with commas between")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = sorted(set(names) - ENTRIES.keys())
    if unknown:
        raise argparse.ArgumentTypeError(f"no entry {', '.join(unknown)}; there are {', '.join(ENTRIES)}")
    return names


def _measure(name: str, shop: Workshop) -> Report:
    """Measure one entry; one that fails says so in its place and stops no other."""
    load, began = os.getloadavg()[0], time.monotonic()
    sys.stderr.write(f"{name}\n")
    try:
        report = ENTRIES[name](shop)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other entries shall be measured
        text = " ".join(str(error).split())[:500]
        report = Report(name, name, failure=f"{type(error).__name__}: {text}")
    sys.stderr.write(f"    {time.monotonic() - began:.0f} s {report.failure}\n")
    spent = time.monotonic() - began
    at = f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC in {spent:.0f} s, load before {load:.1f}."
    return replace(report, remarks=(*report.remarks, at))


def _write(reports: list[Report]) -> None:
    merged = store.merge(store.load(KEPT), reports, list(ENTRIES))
    store.save(KEPT, merged)
    page.write(PAGE, page.render(merged, machine(), charts.draw(merged, PAGE.parent / "images")))


def machine() -> str:
    """Describe the machine in a sentence."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"A machine with {os.cpu_count()} cores and {memory:.0f} GiB of memory, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}."
    )


if __name__ == "__main__":
    sys.exit(main())
