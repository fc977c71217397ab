"""A lost or damaged Terraform state, brought back."""

import hashlib

from prefect import flow

from blocks.names import EnvironmentName
from flows.shared.approval import approve
from flows.shared.ending import counted, state_is_outcome
from flows.shared.naming import run_name
from pipeline.live import LiveEnvironment
from pipeline.state.model import StateHead
from pipeline.state.restore import PresentState
from tasks.environment import load_environment
from tasks.lease import one_change_at_a_time
from tasks.state import bring_back, choose_candidate, look_at_state, show_candidates
from tasks.support import emit


@flow(name="restore-state", flow_run_name=run_name)
@state_is_outcome
def restore_terraform_state(
    environment: EnvironmentName, source: str | None = None, dry_run: bool = False
) -> str:
    """Bring a lost or damaged Terraform state back from a version, a snapshot or a backup of it.

    It changes nothing in AWS, so it is not for going back: a state that Terraform can work with is never
    replaced. Without a source the run lists in a table what there is to choose from. Where the environment
    wants approval, a person decides in the form. What was in the state's place is kept.

    **When it fails:** the error says why the state stays. Afterwards run detect-drift: what was made since
    that copy exists in AWS and is unknown to the state.

    Args:
        environment: whose state.
        source: what to bring back, as the table names it; without one only the table is made.
        dry_run: only say whether it may be brought back.
    """
    live = load_environment(environment, built=False)
    present = look_at_state(live)
    found = show_candidates(live, present)
    if source is None:
        choice = counted(len(found), "candidate")
        return f"Nothing was done. The state is {present.description}; {choice} to bring back: see the table."
    candidate = choose_candidate(live, source, present)
    if dry_run:
        return f"{source} may take the state's place; nothing was done."
    by = _ask(live, source, present, candidate)
    with one_change_at_a_time(live):
        restored = bring_back(live, source, present, by)
    emit(live, "state.restored", source=source, serial=restored.serial, approved_by=by)
    return f"The state is back from {source}: serial {restored.serial}. Run detect-drift."


def _ask(live: LiveEnvironment, source: str, present: PresentState, candidate: StateHead) -> str:
    """Ask a person, where the environment wants that; the answer is for this copy in place of this state."""
    seen = f"{candidate.sha256} {present}"
    key = hashlib.sha256(seen.encode()).hexdigest()[:12]
    question = (
        f"## {live.name}: restore-state from {source}\n\nThe state is {present.description}. Approved, in "
        f"its place comes `{source}`: serial {candidate.serial}, {candidate.resources} resources. AWS is "
        "not changed. Refused, nothing is changed."
    )
    return approve(live, question, key)
