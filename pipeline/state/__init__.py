"""The Terraform state: its home, its lock, its copies and the record of what was applied."""

from pipeline.state.addresses import addresses_in, near_misses, read_addresses
from pipeline.state.backup import (
    Backup,
    BackupReport,
    backup_state,
    check_protections,
    list_backups,
    would_back_up,
)
from pipeline.state.bootstrap import bootstrap, survey
from pipeline.state.bundle import Bundle, git_revision, pack, unpack
from pipeline.state.candidates import Candidate, fetch_candidate, list_candidates
from pipeline.state.choice import choose_record
from pipeline.state.errors import BucketTakenError, StateChangedError, StateError
from pipeline.state.head import UnreadableStateError, describe, read_head
from pipeline.state.home import StateHome, home_of
from pipeline.state.lock import read_lock
from pipeline.state.model import ConfigurationRecord, LockInfo, RunRecord, RunStatus, Snapshot, StateHead
from pipeline.state.plans import drop_plan, fetch_plan, identity, keep_plan
from pipeline.state.record import (
    keep_record,
    read_bundle,
    read_records,
    record_name,
)
from pipeline.state.report import BootstrapReport, Setting
from pipeline.state.restorable import PresentState, RestoreRefusedError, judge_restore
from pipeline.state.restore import Restored, inspect_state, restore_state
from pipeline.state.runs import announced, read_runs, this_run
from pipeline.state.snapshot import take_snapshot
from pipeline.state.unlock import (
    LiveLockError,
    LockReport,
    forget_gone,
    inspect_lock,
    lock_keeper,
    release_own_lock,
    unlock,
)
from pipeline.state.verdict import Attempt, LockState, LockVerdict, judge_lock
from pipeline.state.waiting import WaitingPlan, forget_waiting, remember_waiting, waiting_plan

__all__ = [
    "Attempt",
    "Backup",
    "BackupReport",
    "BootstrapReport",
    "BucketTakenError",
    "Bundle",
    "Candidate",
    "ConfigurationRecord",
    "LiveLockError",
    "LockInfo",
    "LockReport",
    "LockState",
    "LockVerdict",
    "PresentState",
    "RestoreRefusedError",
    "Restored",
    "RunRecord",
    "RunStatus",
    "Setting",
    "Snapshot",
    "StateChangedError",
    "StateError",
    "StateHead",
    "StateHome",
    "UnreadableStateError",
    "WaitingPlan",
    "addresses_in",
    "announced",
    "backup_state",
    "bootstrap",
    "check_protections",
    "choose_record",
    "describe",
    "drop_plan",
    "fetch_candidate",
    "fetch_plan",
    "forget_gone",
    "forget_waiting",
    "git_revision",
    "home_of",
    "identity",
    "inspect_lock",
    "inspect_state",
    "judge_lock",
    "judge_restore",
    "keep_plan",
    "keep_record",
    "list_backups",
    "list_candidates",
    "lock_keeper",
    "near_misses",
    "pack",
    "read_addresses",
    "read_bundle",
    "read_head",
    "read_lock",
    "read_records",
    "read_runs",
    "record_name",
    "release_own_lock",
    "remember_waiting",
    "restore_state",
    "survey",
    "take_snapshot",
    "this_run",
    "unlock",
    "unpack",
    "waiting_plan",
    "would_back_up",
]
