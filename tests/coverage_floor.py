"""Tells which share of the branches of each package was reached, and ends with 1 below the floor.

Reads what ``coverage json -o -`` prints; with ``--show`` there is no floor.
"""

import json
import sys
from collections import Counter

FLOORS = {"all": 90.0, "pipeline": 95.0}
"""Least percent of the branches: of the whole product, and of the package that decides."""


def shares(report: dict) -> dict[str, float]:
    """Return the percent of branches that were reached, by package and in all."""
    present, reached = Counter[str](), Counter[str]()
    for name, file in report["files"].items():
        for package in (name.partition("/")[0], "all"):
            present[package] += file["summary"]["num_branches"]
            reached[package] += file["summary"]["covered_branches"]
    return {package: 100 * reached[package] / count for package, count in sorted(present.items()) if count}


def main() -> int:
    """Print the table; return the exit code."""
    found = shares(json.load(sys.stdin))
    for package, share in found.items():
        print(f"{package:12} {share:5.1f} % of the branches")  # noqa: T201 - the answer
    low = [f"{name}: {share} % are demanded" for name, share in FLOORS.items() if found.get(name, 0) < share]
    if not low or "--show" in sys.argv:
        return 0
    print("Too little is reached.", *low, sep="\n")  # noqa: T201 - the answer
    return 1


if __name__ == "__main__":
    sys.exit(main())
