"""Folders of the project that are made on the machine and never committed."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
TOOLS = PROJECT / ".tools"
"""Downloaded tools, and what belongs to the machine rather than to the embedded stack."""
