"""A backup in the live database's place: the service stops, files change places, the service returns."""

from pipeline.recovery.begin import begin
from pipeline.recovery.carry import RestoreInterruptedError, RestoreUndoneError, carry_through
from pipeline.recovery.choice import choose
from pipeline.recovery.errors import RecoveryError
from pipeline.recovery.record import OpenRestore, OpenRestores, Phase, require_none_open
from pipeline.recovery.steps import SiteSteps

__all__ = [
    "OpenRestore",
    "OpenRestores",
    "Phase",
    "RecoveryError",
    "RestoreInterruptedError",
    "RestoreUndoneError",
    "SiteSteps",
    "begin",
    "carry_through",
    "choose",
    "require_none_open",
]
