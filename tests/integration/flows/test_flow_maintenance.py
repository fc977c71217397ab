"""Secrets, images, logs, the certificate and the diagnosis, through the real steps of their flows."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flow_runs import Runs, told
from support.refusals import refusing
from support.secret_keys import SECRET_KEYS
from support.world import World

import tasks.logs
from blocks.app_secrets import AppSecrets
from flows.archive_logs import archive_logs
from flows.check_certificate import check_public_certificate
from flows.cleanup_ecr import cleanup_ecr
from flows.diagnose import diagnose
from flows.retain_logs import retain_logs
from flows.sync_secrets import sync_secrets
from pipeline.clock import utc_now
from pipeline.logs.manifest import ArchiveFrozenError
from pipeline.logs.retention import LogGroup

WISHES: dict[str, Any] = {"keep_newest": 1, "keep_days": 0, "grace_hours": 0}
"""Of all that may go, let all go but one."""


@pytest.fixture
def stage(place: World) -> World:
    """Staging with r1 in service."""
    place.deployed(1)
    return place


def enter(**changes: str) -> None:
    """Fill in the block with the secret values, as a person does in the UI."""
    values = {**dict.fromkeys(SECRET_KEYS, "made up"), **changes}
    AppSecrets(values=values).save("vimbiso-pay-staging", overwrite=True)  # type: ignore[arg-type]


def stored(stage: World) -> dict[str, str]:
    """Return the values in Secrets Manager."""
    secret = stage.client("secretsmanager").get_secret_value(SecretId=stage.live.outputs.secret_arn)
    return dict(json.loads(secret["SecretString"]))


def test_without_a_block_nothing_is_written(stage: World, runs: Runs) -> None:
    """The error names the block."""
    stage.live = replace(stage.live, settings=stage.live.settings.model_copy(update={"app": "other"}))
    assert "no app-secrets block 'other-staging'" in told(runs.run(sync_secrets))


def test_changed_values_are_written_and_put_into_use(stage: World, runs: Runs) -> None:
    """Once: who repeats it writes and restarts nothing. No value is shown."""
    enter(DJANGO_SECRET="hush", EXTRA="hush too")
    preview = runs.run(sync_secrets, dry_run=True, restart=True)
    rows = {row["key"]: row for row in runs.artifact(preview, "secret-keys")}
    assert "EXTRA" in rows
    assert "hush" not in json.dumps(rows)
    assert stored(stage)["DJANGO_SECRET"] == "made up"
    state = runs.run(sync_secrets, restart=True)
    assert state.type.value == "COMPLETED", told(state)
    assert (stored(stage)["DJANGO_SECRET"], stored(stage)["EXTRA"]) == ("hush", "hush too")
    assert [item["forceNewDeployment"] for item in stage.ecs.updates] == [True]
    record = stage.live.releases.newest(1)[0]
    assert (record.kind, record.release) == ("restart", "r1")
    runs.run(sync_secrets, restart=True)
    assert len(stage.ecs.updates) == 1
    assert stage.heard() == ["secrets.changed"]
    assert "hush" not in json.dumps(stage.events)


def test_tasks_that_could_not_start_are_not_started(stage: World, runs: Runs) -> None:
    """A key that the definition reads and nobody set would stop every task."""
    enter(DJANGO_SECRET="hush")
    container = stage.ecs.containers(stage.ecs.service["taskDefinition"])[0]
    container["secrets"].append({"name": "NEW", "valueFrom": f"{stage.live.outputs.secret_arn}:NEW::"})
    state = runs.run(sync_secrets, restart=True)
    assert told(state).startswith("Failed: No new task starts without NEW: ")
    assert "DJANGO_SECRET" in told(state)
    assert stage.ecs.updates == []


def test_a_restart_that_fails_says_why(stage: World, runs: Runs) -> None:
    """With the reason of the tasks."""
    enter(DJANGO_SECRET="other")
    stage.ecs.rolls_back = False
    stage.ecs.crashing_in_service.add(stage.ecs.digest(stage.ecs.service["taskDefinition"]))
    state = runs.run(sync_secrets, restart=True)
    assert "Starting (EssentialContainerExited; " in told(state)
    assert "\nThe deployment failed" in told(state)
    assert "exited with 1" in told(state)


def images(stage: World) -> set[str]:
    """Return the tags in the registry."""
    found = stage.client("ecr").describe_images(repositoryName="pay")["imageDetails"]
    return {tag for item in found for tag in item["imageTags"]}


def test_images_that_nothing_needs_go(stage: World, runs: Runs) -> None:
    """What runs stays however old it is; a dry run only shows what would go."""
    for number in (2, 3):
        stage.push(number)
    rows = runs.artifact(runs.run(cleanup_ecr, dry_run=True, **WISHES), "cleanup-ecr")
    (old,) = [row["image"] for row in rows if row["decision"] == "delete"]
    assert old in ("r2", "r3")
    assert images(stage) == {"r1", "r2", "r3"}
    state = runs.run(cleanup_ecr, **WISHES)
    assert "1 images deleted" in runs.artifact(state, "cleaned-ecr")
    assert images(stage) == {"r1", "r2", "r3"} - {old}
    assert runs.run(cleanup_ecr, **WISHES).type.value == "COMPLETED"


def test_images_that_stay_against_the_plan_fail_the_run(stage: World, runs: Runs) -> None:
    """And nothing is deleted where it cannot be told what is in use."""
    for number in (2, 3):
        stage.push(number)
    with refusing(stage.client("ecr"), "BatchDeleteImage", "AccessDeniedException"):
        state = runs.run(cleanup_ecr, **WISHES)
    assert "1 image of pay could not be deleted, the first: AccessDeniedException" in told(state)
    with refusing(stage.client("ecs"), "ListTasks", "AccessDeniedException"):
        assert "so nothing was deleted" in told(runs.run(cleanup_ecr, **WISHES))
    assert images(stage) == {"r1", "r2", "r3"}


def test_retention_is_set_where_nothing_is_lost(stage: World, runs: Runs) -> None:
    """Groups of others are left alone; what cannot be set fails the run."""
    logs = stage.client("logs")
    logs.create_log_group(logGroupName="/aws/others")
    rows = runs.artifact(runs.run(retain_logs, dry_run=True), "retain-logs")
    assert [row["group"] for row in rows] == ["/ecs/pay"]
    assert retention(stage) is None
    assert "knows no retention of 31 days" in told(runs.run(retain_logs, days=31))
    with refusing(logs, "PutRetentionPolicy", "AccessDeniedException"):
        assert "Without the wanted retention: /ecs/pay" in told(runs.run(retain_logs))
    assert runs.run(retain_logs).type.value == "COMPLETED"
    assert retention(stage) == 30


def test_a_history_in_glacier_is_no_failure(
    stage: World, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot be read back, so nothing is deleted; the run goes on and says so."""
    old = LogGroup("/ecs/pay", None, utc_now() - timedelta(days=40))
    monkeypatch.setattr(tasks.logs, "list_groups", lambda _: (old,))

    def frozen(*_: object) -> bool:
        raise ArchiveFrozenError("The archive of /ecs/pay lies in Glacier.")

    monkeypatch.setattr(tasks.logs, "history_is_verified", frozen)
    state = runs.run(retain_logs)
    assert state.type.value == "COMPLETED"
    (row,) = runs.artifact(state, "retain-logs")
    assert row["reason"] == "no limit now; older events are not archived, or could not be read back"
    assert retention(stage) is None


def retention(stage: World) -> int | None:
    """Return the days for which the application's group keeps its events."""
    (found,) = stage.client("logs").describe_log_groups(logGroupNamePrefix="/ecs/pay")["logGroups"]
    days: int | None = found.get("retentionInDays")
    return days


def test_whole_days_of_logs_go_to_the_archive(
    stage: World, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each day of a group with what came of it; a day that is there is left as it is."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    stage.log("paid", at=yesterday)
    monkeypatch.setattr("tasks.logs.list_groups", lambda _: [LogGroup("/ecs/pay", None, yesterday)])
    rows = runs.artifact(runs.run(archive_logs, dry_run=True), "archive-logs")
    assert rows == [{"group": "/ecs/pay", "day": f"{yesterday:%Y-%m-%d}", "outcome": "due"}]
    done = runs.artifact(runs.run(archive_logs), "archive-logs")
    assert [(row["outcome"], row["events"], row["added"]) for row in done] == [("written", 1, 1)]
    again = runs.artifact(runs.run(archive_logs), "archive-logs")
    assert [(row["outcome"], row["added"]) for row in again] == [("unchanged", 0)]


def test_the_certificate_is_judged(stage: World, runs: Runs) -> None:
    """Without a domain there is none to judge; one that lacks, or is not sound, fails the run."""
    settings = stage.live.settings
    missing = runs.run(check_public_certificate)
    assert told(missing).startswith("Failed: staging has no certificate")
    stage.live = replace(stage.live, settings=settings.model_copy(update={"domain": None}))
    skipped = runs.run(check_public_certificate)
    assert told(skipped).startswith("Completed: SKIPPED: staging has no certificate")
    assert [row["verdict"] for row in runs.artifact(skipped, "certificate")] == ["SKIPPED"]
    arn = stage.client("acm").request_certificate(DomainName="pay.invalid")["CertificateArn"]
    stage.live = replace(stage.given(certificate_arn=arn), settings=settings)
    state = runs.run(check_public_certificate, dry_run=True)
    assert "Failed" in told(state)
    assert told(state).startswith("Failed: localhost: ")
    assert "FAIL" in {row["verdict"] for row in runs.artifact(state, "certificate")}
    assert stage.events == []
    assert runs.run(check_public_certificate).type.value == "FAILED"
    assert stage.heard() == ["certificate.problem"]


def test_a_diagnosis_names_the_likeliest_cause_first(stage: World, runs: Runs) -> None:
    """What cannot be read is told as such; nothing is changed."""
    container = stage.ecs.containers(stage.ecs.service["taskDefinition"])[0]
    container["secrets"].append({"name": "NEW", "valueFrom": f"{stage.live.outputs.secret_arn}:NEW::"})
    state = runs.run(diagnose)
    page = runs.artifact(state, "diagnosis")
    assert "NEW" in page
    assert "SKIP" in page
    assert stage.ecs.updates == []
