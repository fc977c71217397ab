"""Writes the bill of materials of the pipeline's own image, from inside it, while it is built."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from deployments.paths import PROJECT
from pipeline.clock import utc_now
from pipeline.image.packages import Package, software_bill, tells_of_packages

_ELSEWHERE = ("dev", "proc", "sys", "tmp")
"""Folders of the root that are no part of an image."""


def main(arguments: Sequence[str]) -> int:
    """Write the bill of a file system into a file: ``FILE [ROOT]``; returns the exit code."""
    target, root = Path(arguments[0]), Path(*arguments[1:] or "/")
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    files = dict(files_in(root))
    bill, count = software_bill("vimbiso/pipeline", version, "", files, utc_now(), [_terraform()])
    target.write_bytes(bill)
    print(f"{count} packages in {target}")
    return 0


def files_in(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files that tell of packages, by path without leading slash."""
    for folder, folders, names in os.walk(root):
        if Path(folder) == root:
            folders[:] = sorted(set(folders).difference(_ELSEWHERE))
        for path in (Path(folder, name) for name in names):
            place = path.relative_to(root).as_posix()
            if tells_of_packages(place) and path.is_file():
                yield place, path.read_bytes()


def _terraform() -> Package:
    """Return Terraform, which was copied into the image."""
    binary = shutil.which("terraform") or "terraform"
    done = subprocess.run(  # noqa: S603 - an argument list, no shell
        [binary, "version", "-json"], capture_output=True, check=True
    )
    return Package("generic", "terraform", json.loads(done.stdout)["terraform_version"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
