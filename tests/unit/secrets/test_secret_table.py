"""The table of keys after a sync."""

from dataclasses import replace

from pipeline.secrets.change import KeyReport, SecretSync, key_rows, unset_keys

SYNC = SecretSync("arn", "v2", changed=True, added=("NEW",), updated=("OTHER",), kept=("LEFT",))


def test_each_key_has_a_row_that_says_what_became_of_it() -> None:
    """Set, written, left alone, or read by the tasks and set by nobody."""
    report = KeyReport(used=("LOST", "NEW", "OTHER", "SAME"), missing=("LOST",), unused=("LEFT",))
    rows = {row["key"]: (row["value"], row["task definition"]) for row in key_rows(SYNC, report)}
    assert rows == {
        "LEFT": ("not in the block, left alone", "does not read it"),
        "LOST": ("NOT SET: no task starts without it", "reads it"),
        "NEW": ("added", "reads it"),
        "OTHER": ("updated", "reads it"),
        "SAME": ("unchanged", "reads it"),
    }
    assert unset_keys(SYNC, report) == ("LOST",)


def test_a_preview_counts_what_it_would_add_as_set() -> None:
    """Nothing is written yet, so the comparison still lacks the key."""
    report = KeyReport(used=("NEW",), missing=("NEW",), unused=())
    preview = replace(SYNC, dry_run=True)
    rows = {row["key"]: row["value"] for row in key_rows(preview, report)}
    assert (rows["NEW"], rows["OTHER"]) == ("would be added", "would be updated")
    assert unset_keys(preview, report) == ()
