"""What the histories need: virtual time in place of Python's own, before the pipeline is loaded."""

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parent)]

import region_clock  # noqa: E402, F401 - whose functions have time.sleep among their defaults
