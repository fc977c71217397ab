"""Carries one release into service: begin or re-attach, watch, verify, explain, roll back."""

from pipeline.delivery.address import page_of, probe_of
from pipeline.delivery.alarms import Alarm, read_alarms, with_alarms
from pipeline.delivery.command import join_command, run_command
from pipeline.delivery.evidence import Evidence, collect_evidence
from pipeline.delivery.restart import RestartError, choose_restart
from pipeline.delivery.start import Started, StartKind, WantedRollout, start_rollout
from pipeline.delivery.task_logs import TaskLogs
from pipeline.delivery.trial import TrialError, run_trial
from pipeline.delivery.verify import GateSettings, Verification, verify

__all__ = [
    "Alarm",
    "Evidence",
    "GateSettings",
    "RestartError",
    "StartKind",
    "Started",
    "TaskLogs",
    "TrialError",
    "Verification",
    "WantedRollout",
    "choose_restart",
    "collect_evidence",
    "join_command",
    "page_of",
    "probe_of",
    "read_alarms",
    "run_command",
    "run_trial",
    "start_rollout",
    "verify",
    "with_alarms",
]
