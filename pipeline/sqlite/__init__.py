"""SQLite databases of the application: backup, retention, restore and drill.

Everything acts on a ``Site`` and is safe to repeat with the same run id after a crash.
"""

from pipeline.retention import RetentionPolicy
from pipeline.sqlite.backup import back_up
from pipeline.sqlite.catalogue import find_backup, list_backups, read_manifest
from pipeline.sqlite.drill import Drill, drill
from pipeline.sqlite.errors import NoBackupError, NoDatabaseError, SqliteError, SqliteJobError
from pipeline.sqlite.metrics import publish_age, publish_backup, publish_drill
from pipeline.sqlite.model import Backup, Manifest
from pipeline.sqlite.policy import BackupPolicy
from pipeline.sqlite.prune import Pruned, plan_prune, prune
from pipeline.sqlite.restore import Restored, Swapped, restore_to_file, swap_back, swap_in
from pipeline.sqlite.retention import Decision, Kept
from pipeline.sqlite.site import Site
from pipeline.sqlite.sweep import sweep

__all__ = [
    "Backup",
    "BackupPolicy",
    "Decision",
    "Drill",
    "Kept",
    "Manifest",
    "NoBackupError",
    "NoDatabaseError",
    "Pruned",
    "Restored",
    "RetentionPolicy",
    "Site",
    "SqliteError",
    "SqliteJobError",
    "Swapped",
    "back_up",
    "drill",
    "find_backup",
    "list_backups",
    "plan_prune",
    "prune",
    "publish_age",
    "publish_backup",
    "publish_drill",
    "read_manifest",
    "restore_to_file",
    "swap_back",
    "swap_in",
    "sweep",
]
