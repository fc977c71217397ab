"""The Terraform state: its home, its lock, its copies and the record of what was applied."""

from pipeline.state.bootstrap import bootstrap
from pipeline.state.errors import BucketTakenError, StateChangedError, StateError
from pipeline.state.report import BootstrapReport, Setting

__all__ = [
    "BootstrapReport",
    "BucketTakenError",
    "Setting",
    "StateChangedError",
    "StateError",
    "bootstrap",
]
