"""Keeps what the pipeline writes: ``python tests/region/keep.py FOLDER``, once for each released version.

Writes one object of each kind below ``tests/kept/FOLDER``, as the flows left them in histories, and what
``tests/keep_apart.py`` writes.
"""

import re
import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parent), str(_HERE.parent.parent)]

import region_clock  # noqa: E402, F401 - before the pipeline
from region_histories import History  # noqa: E402

KINDS = {
    "record": r"releases/staging/records/.*\.json",
    "open-attempt": r"releases/staging/open-attempt\.json",
    "schema": r"releases/staging/schema/.*\.json",
    "databases": r"releases/staging/databases\.json",
    "in-place": r"sqlite-jobs/staging/in-place\.json",
    "manifest": r"sqlite/staging/.*\.json",
    "job": r"sqlite-jobs/staging/open/.*\.json",
}
"""Keys of what later runs read, by the name of the kept file."""


def main() -> int:
    """Play histories until each kind was written; the fullest object of each is kept."""
    folder = _HERE.parent / "kept" / sys.argv[1]
    found: dict[str, bytes] = {}
    for seed in range(1, 60):
        history = History(seed)
        history.world.wire.short = True
        storage = history.world.storage
        write = storage._write

        def noted(bucket: str, key: str, body: bytes, *rest: object, write: object = write) -> object:
            kind = next((name for name, keys in KINDS.items() if re.fullmatch(keys, key)), "")
            if kind and len(body) > len(found.get(kind, b"")):
                found[kind] = body
            return write(bucket, key, body, *rest)  # type: ignore[operator]

        storage._write = noted  # type: ignore[assignment,method-assign]
        history.play()
    folder.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        (folder / f"{kind}.json").write_bytes(found[kind] + b"\n")
    apart = _HERE.parent / "keep_apart.py"
    return subprocess.run([sys.executable, apart, sys.argv[1]], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
