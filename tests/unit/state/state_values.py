"""Values that the tests around the state are made of."""

from datetime import UTC, datetime, timedelta

from pipeline.state.model import ConfigurationRecord, LockInfo, RunRecord, StateHead
from pipeline.state.record import record_name

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def lock(minutes: float = 0, host: str = "here", identity: str = "lock-1") -> LockInfo:
    """A lock made so many minutes after noon."""
    return LockInfo(identity, "OperationTypeApply", f"ada@{host}", NOON + timedelta(minutes=minutes), "{}")


def run(name: str = "run", minutes: float = -1, host: str = "here", hours: float = 1) -> RunRecord:
    """A run announced so many minutes after noon, with a bound in hours."""
    announced = NOON + timedelta(minutes=minutes)
    return RunRecord(name, "staging", host, 1, "boot:1", "/f", announced, announced + timedelta(hours=hours))


def head(serial: int = 1, content: str = "a", lineage: str = "lineage") -> StateHead:
    """A state."""
    return StateHead("bucket", "key", f"v-{content}", serial, lineage, content * 64, content * 32, 1)


def record(minute: int, bundle: str, outcome: str = "succeeded", restores: str = "") -> ConfigurationRecord:
    """An apply so many minutes after noon."""
    applied = NOON + timedelta(minutes=minute)
    return ConfigurationRecord(
        name=record_name(applied, bundle * 64),
        environment="staging",
        run_id="run",
        applied=applied,
        outcome="failed" if outcome == "failed" else "succeeded",
        bundle_sha256=bundle,
        plan_sha256=bundle * 64,
        serial=minute,
        lineage="lineage",
        git_revision="",
        terraform_version="1.11.4",
        restores=restores,
    )
