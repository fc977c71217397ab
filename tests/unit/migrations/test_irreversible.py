"""Under which migrations the release before cannot be expected to run."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.migrations.model import Migration, Operation, irreversible, why_irreversible


def operation(kind: str, *, reversible: bool = True, required: bool = False) -> Operation:
    """Return an operation that Django describes by its kind."""
    return Operation(kind=kind, what=f"{kind} of x", reversible=reversible, required=required)


def migration(*operations: Operation, marker: bool | None = None) -> Migration:
    """Return the migration ``ledger.0002_x``."""
    return Migration(app="ledger", name="0002_x", marker=marker, operations=operations)


CASES = {
    "no operations": (migration(), ""),
    "a new table": (migration(operation("CreateModel")), ""),
    "a new column that may be empty": (migration(operation("AddField")), ""),
    "a new column that has to be filled": (
        migration(operation("AddField", required=True)),
        "AddField of x: NOT NULL without db_default, which the release before does not fill in",
    ),
    "an index less": (migration(operation("RemoveIndex")), ""),
    "a column less": (
        migration(operation("RemoveField")),
        "RemoveField of x: takes away what the release before uses",
    ),
    "a table less": (
        migration(operation("DeleteModel")),
        "DeleteModel of x: takes away what the release before uses",
    ),
    "a column renamed": (
        migration(operation("RenameField")),
        "RenameField of x: renames what the release before uses",
    ),
    "a table renamed": (
        migration(operation("RenameModel")),
        "RenameModel of x: renames what the release before uses",
    ),
    "another table name": (
        migration(operation("AlterModelTable")),
        "AlterModelTable of x: renames what the release before uses",
    ),
    "an order column": (
        migration(operation("AlterOrderWithRespectTo")),
        "AlterOrderWithRespectTo of x: adds a column that the release before does not fill in",
    ),
    "code with a way back": (migration(operation("RunPython")), ""),
    "code without": (
        migration(operation("RunPython", reversible=False)),
        "RunPython of x: cannot be reversed",
    ),
    "statements without": (
        migration(operation("RunSQL", reversible=False)),
        "RunSQL of x: cannot be reversed",
    ),
    "one of several": (
        migration(operation("CreateModel"), operation("RunSQL", reversible=False), operation("DeleteModel")),
        "RunSQL of x: cannot be reversed",
    ),
    "harmless, marked": (migration(operation("AddField"), marker=True), "marked irreversible = True"),
    "grave, marked as harmless": (migration(operation("RemoveField"), marker=False), ""),
}


@pytest.mark.parametrize(("item", "reason"), CASES.values(), ids=CASES)
def test_reason(item: Migration, reason: str) -> None:
    """Each kind of operation has its reason, and the author's word counts before all of them."""
    assert why_irreversible(item) == reason
    assert irreversible([item]) == ({"ledger.0002_x": reason} if reason else {})


KINDS = st.sampled_from(["CreateModel", "AddField", "RemoveField", "RunPython", "RunSQL", "Own"])
OPERATIONS = st.lists(
    st.builds(operation, KINDS, reversible=st.booleans(), required=st.booleans()), max_size=5
)


@given(OPERATIONS, OPERATIONS, st.booleans())
def test_an_operation_more_never_makes_a_migration_harmless(
    some: list[Operation], more: list[Operation], marker: bool
) -> None:
    """Only the author's word does, whatever the operations are."""
    if why_irreversible(migration(*some)):
        assert why_irreversible(migration(*some, *more))
        assert why_irreversible(migration(*more, *some))
    assert bool(why_irreversible(migration(*some, marker=marker))) is marker


def test_fields_of_a_later_survey_are_ignored() -> None:
    """An operation with facts that this version does not know is read all the same."""
    facts: dict[str, Any] = {"kind": "AddField", "what": "w", "reversible": True, "mood": "fine"}
    assert Operation.model_validate(facts) == Operation(kind="AddField", what="w", reversible=True)
