"""What a lost state can be brought back from, on real Terraform."""

import pytest
from terraform_support import Opener

from pipeline.retention import RetentionPolicy
from pipeline.state.backend import StateBackend
from pipeline.state.backup import backup_state, would_back_up
from pipeline.state.model import StateError
from pipeline.state.record import take_snapshot
from pipeline.state.restore import fetch_candidate, inspect_state, list_candidates, restore_state
from pipeline.terraform.workspace import PlanRequest


def test_every_kind_is_listed_and_can_be_brought_back(opener: Opener, home: StateBackend) -> None:
    """Versions, snapshots and backups; what is no state is left out, and what is replaced is kept."""
    with opener("plain") as workspace:
        workspace.init(home.backend)
        workspace.apply(workspace.plan(PlanRequest()))
        take_snapshot(home, "run")
        planned = would_back_up(home, RetentionPolicy())
        assert planned.backup is not None
        assert home.keys(f"backups/{home.environment}/") == {}
        made = backup_state(home, RetentionPolicy()).backup
        assert made is not None
        assert made.head == planned.backup.head
        home.write(home.backend.key, b"garbage")
        found = list_candidates(home)
        assert {item.kind for item in found} == {"version", "snapshot", "backup"}
        assert len({item.name for item in found}) == len(found)
        for item in found:
            assert fetch_candidate(home, item.name).sha256 == item.head.sha256
        restored = restore_state(home, fetch_candidate(home, made.key), inspect_state(home), "tester@here")
        kept = home.read(restored.kept)
        assert kept is not None
        assert kept.body == b"garbage"
        assert not workspace.plan(PlanRequest()).has_changes


@pytest.mark.parametrize("name", ["typo", "snapshots/other/1.tfstate", "waiting/x.json"])
def test_what_is_not_listed_is_refused(home: StateBackend, name: str) -> None:
    """Neither another environment's copies nor other objects can be put in the state's place."""
    with pytest.raises(StateError, match="without a source: it lists them"):
        fetch_candidate(home, name)
