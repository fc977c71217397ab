"""What was found and what was done, setting by setting."""

from dataclasses import dataclass
from typing import Literal

Done = Literal["kept", "created", "repaired", "missing"]


@dataclass(frozen=True)
class Setting:
    """One setting of the state's bucket or table."""

    subject: str
    """Name of the bucket or table."""
    setting: str
    found: str
    """What there was before, in words."""
    done: Done


@dataclass(frozen=True)
class BootstrapReport:
    """All settings, in the order in which they were looked at."""

    settings: tuple[Setting, ...]

    @property
    def changed(self) -> bool:
        """Whether anything was created or repaired."""
        return any(setting.done in {"created", "repaired"} for setting in self.settings)
