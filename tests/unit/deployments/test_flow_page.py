"""A flow's page in the UI."""

from prefect import flow

from deployments.prefect_file import flow_page


@flow(name="made-up")
def made_up(environment: str, keep: int = 3, dry_run: bool = False, ref: str | None = None) -> None:
    """Tidy something
    up.

    - one
    - two

    **When it fails:** run it again.

    Args:
        environment: where.
        keep: how many | stay, at
            least.
        dry_run: only look.
        ref: which.
    """


def test_a_docstring_becomes_a_page() -> None:
    """Paragraphs flow, lists stay, parameters are a table, and the runbook is named."""
    assert flow_page(made_up) == "\n\n".join(
        [
            "Tidy something up.",
            "- one\n- two",
            "**When it fails:** run it again.",
            "### Parameters",
            (
                "| parameter | when left out | meaning |\n| --- | --- | --- |\n"
                "| `environment` | required | where. |\n"
                "| `keep` | `3` | how many \\| stay, at least. |\n"
                "| `dry_run` | no | only look. |\n"
                "| `ref` |  | which. |"
            ),
            "Runbook: `docs/runbook/made-up.md`",
        ]
    )
