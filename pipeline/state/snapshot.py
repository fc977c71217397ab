"""A copy of the state before it is changed."""

from pipeline.state.head import describe
from pipeline.state.home import StateHome
from pipeline.state.model import Snapshot


def take_snapshot(home: StateHome, run_id: str) -> Snapshot | None:
    """Copy the state to ``snapshots/ENV/SERIAL-RUN.tfstate``; None when there is no state yet.

    Repeating it in the same run changes nothing.

    Raises:
        UnreadableStateError: the state is damaged; nothing should be applied to it.
        AwsError: it could not be copied.
    """
    stored = home.read(home.backend.key)
    if stored is None:
        return None
    head = describe(stored)
    key = f"snapshots/{home.environment}/{head.serial:08d}-{head.sha256[:12]}-{run_id}.tfstate"
    if home.read(key) is None:
        home.write_new(key, stored.body, {"sha256": head.sha256, "source-version": head.version_id})
    return Snapshot(head.bucket, key, head.version_id, head.serial, head.lineage, head.sha256)
