"""The steps around a plan: how it and its drift are shown, and what of it is refused or emptied."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from moto import mock_aws
from plan_documents import change, document
from prefect.logging import disable_run_logger
from support.live import live_environment

from pipeline.aws.access import AwsAccess
from pipeline.live import LiveEnvironment
from pipeline.terraform.document import parse_plan
from pipeline.terraform.summary import summarise
from tasks import change as change_steps
from tasks import terraform as terraform_steps

Shown = list[dict[str, Any]]
LOSS = parse_plan(document(change("aws_s3_bucket.a", ["delete"], before={"bucket": "data", "id": "data"})))


@pytest.fixture
def live() -> Iterator[LiveEnvironment]:
    """Staging, in AWS without a network."""
    with mock_aws(), disable_run_logger():
        yield live_environment(AwsAccess("af-south-1", access_key_id="plan-steps", secret_access_key="x"))


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    """The rows of the tables that steps show, as they come."""
    rows: Shown = []
    monkeypatch.setattr(terraform_steps, "show_table", lambda _live, _kind, table, _text: rows.extend(table))
    return rows


def test_a_plan_that_loses_data_is_refused_unless_allowed() -> None:
    """By the address; an allowance that names nothing is no refusal."""
    with disable_run_logger():
        with pytest.raises(
            change_steps.PipelineError, match=r"Nothing was applied\.(.|\n)*- aws_s3_bucket\.a"
        ):
            change_steps.guard_plan.fn(LOSS, ())
        assert change_steps.guard_plan.fn(LOSS, ("aws_s3_bucket.a", "aws_s3_bucket.b"))


def test_a_plan_is_a_page_of_the_run(live: LiveEnvironment, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no columns that could be cut."""
    pages: list[tuple[str, str]] = []
    monkeypatch.setattr(change_steps, "show_page", lambda _live, kind, text, _: pages.append((kind, text)))
    plan = parse_plan(document(change("aws_lb_rule.d", ["delete"])))
    assert change_steps.report_plan.fn(live, plan) == summarise(plan)
    assert pages == [("plan", "## staging: 1 to DESTROY\n\n- **DESTROY** `aws_lb_rule.d`")]


def test_drift_is_announced_with_what_was_changed(
    live: LiveEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the configuration or somebody's hand makes the difference; without one nobody is told."""
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(change_steps, "emit", lambda _live, _what, **payload: told.append(payload))
    drifted = change("aws_lb.b", ["update"], before={"idle_timeout": 60}, after={"idle_timeout": 90})
    planned = change("aws_lb.c", ["create"], after={"name": "c"})
    nothing, by_hand, pending = (
        summarise(parse_plan(item))
        for item in (document(), document(planned, drift=(drifted,)), document(planned))
    )
    monkeypatch.setattr(change_steps, "is_read_back", lambda _home: False)
    assert change_steps.report_drift.fn(live, nothing) == ""
    assert told == []
    assert "The last apply was not read back" in change_steps.report_drift.fn(live, by_hand)
    monkeypatch.setattr(change_steps, "is_read_back", lambda _home: True)
    assert change_steps.report_drift.fn(live, pending).startswith("aws_lb.c: name (none) -> c, not applied")
    assert [payload["resources"] for payload in told] == [["aws_lb.b"], []]


def test_what_a_destruction_empties_is_shown_and_emptied(live: LiveEnvironment, shown: Shown) -> None:
    """The buckets of the plan, and no others."""
    s3 = live.access.client("s3")
    for name in ("data", "other"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "af-south-1"})
        s3.put_object(Bucket=name, Key="a", Body=b"x")
    terraform_steps.show_contents.fn(live, LOSS)
    assert [(row["name"], row["holds"]) for row in shown] == [("data", 1)]
    (emptied,) = terraform_steps.purge_stores.fn(live, LOSS, timedelta(minutes=1))
    assert (emptied.container.name, emptied.count) == ("data", 1)
    assert "Contents" not in s3.list_objects_v2(Bucket="data")
    assert "Contents" in s3.list_objects_v2(Bucket="other")
