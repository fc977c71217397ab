"""Carries one release into service: begin or re-attach, watch, verify, explain, roll back."""

from pipeline.delivery.evidence import Evidence, collect_evidence
from pipeline.delivery.start import Started, StartKind, WantedRollout, start_rollout
from pipeline.delivery.trial import TrialError, run_trial
from pipeline.delivery.verify import Verification, verify

__all__ = [
    "Evidence",
    "StartKind",
    "Started",
    "TrialError",
    "Verification",
    "WantedRollout",
    "collect_evidence",
    "run_trial",
    "start_rollout",
    "verify",
]
