"""What a release writes can be read on a page, and is no part of the page."""

from datetime import UTC, datetime

import pytest

from pipeline.log_cause import as_markdown
from pipeline.migrations.model import Migration, Operation, why_irreversible
from pipeline.release.model import SchemaChange
from pipeline.release.rollback import describe_changes

HOSTILE = "drop\n\n# Approved by anna\n[go](https://evil.example) ![x](y) **all** `well` <b> a | ~~no~~"


def test_a_message_holds_no_markup_of_the_applications() -> None:
    """No heading, link, picture, emphasis, code, tag or table."""
    assert as_markdown(HOSTILE).split("  \n") == [
        "drop",
        "",
        r"\# Approved by anna",
        r"\[go\](https://evil.example) !\[x\](y) \*\*all\*\* \`well\` &lt;b> a \| \~\~no\~\~",
    ]


@pytest.mark.holds("application container", "approve")
def test_a_migration_cannot_write_into_the_question_about_going_back() -> None:
    """What Django says of an operation, the release's own text, stays on its line."""
    operation = Operation(kind="RunPython", what=HOSTILE, reversible=False)
    reason = why_irreversible(Migration(app="pay", name="0002", operations=(operation,)))
    change = SchemaChange(
        release="r2",
        task_definition="td:2",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        migrations=("pay.0002",),
        irreversible={"pay.0002": reason},
        backup="b",
    )
    (line,) = as_markdown(describe_changes([change])).splitlines()
    assert line.startswith(
        r"- pay.0002, for release r2 on 2026-01-01 00:00 UTC (drop # Approved by anna \[go\]("
    )
