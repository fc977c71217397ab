"""Every maintenance flow through its deployment: a preview, then the run with its report and its event."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from stack_commands import until
from support.events import payloads
from support.house import House

pytestmark = [pytest.mark.stack, pytest.mark.docker, pytest.mark.timeout(600)]

PREVIEWS = {
    "backup-sqlite": "backup-retention-local",
    "drill-restore": "chosen-backup-local",
    "restore-sqlite": "chosen-backup-local",
    "cleanup-ecr": "cleanup-ecr-local",
    "retain-logs": "retain-logs-local",
    "archive-logs": "archive-logs-local",
    "check-backups": "backups-local",
    "check-certificate": "certificate-local",
    "sync-secrets": "secret-keys-local",
}
DONE = {
    "drill-restore": ("drill-local", "vimbiso.drill.passed"),
    "restore-sqlite": ("restored-local", "vimbiso.database.copied"),
    "retain-logs": ("retain-logs-local", "vimbiso.retention.set"),
    "archive-logs": ("archive-logs-local", "vimbiso.logs.archived"),
    "cleanup-ecr": ("cleaned-ecr-local", "vimbiso.images.deleted"),
}
PARTY = "Tendai Moyo"


@pytest.fixture(scope="module")
def backed_up(house: House) -> str:
    """A backup of a database with one row that the tests know; returns its key."""
    insert = "INSERT INTO ledger_entry(party, direction, amount, note, created_at) VALUES (?, 'in', 5, '', ?)"
    write(house, insert, PARTY, "2026-01-01 00:00:00")
    house.complete("backup-sqlite")
    page = house.page("backup-local")
    assert "integrity: ok" in page
    key = page.split("`")[1]
    until(lambda: told(house, "vimbiso.backup.made").get("key") == key)
    return key


def test_previews_change_nothing_and_show_what_would_be_done(house: House, backed_up: str) -> None:
    """All at once; each leaves its table, none an object in the bucket."""
    before = objects(house)
    ended(house, {flow: {"dry_run": True} for flow in PREVIEWS})
    assert objects(house) == before
    for key in PREVIEWS.values():
        assert house.page(key)


def test_each_ends_with_a_report_and_an_event(house: House, backed_up: str) -> None:
    """What the preview showed is done; the tables and the payloads say what came of it."""
    leave_untagged(house)
    ended(house, {flow: {"grace_hours": 0} if flow == "cleanup-ecr" else {} for flow in DONE})
    for key, event in DONE.values():
        assert house.page(key)
        until(lambda event=event: bool(told(house, event)))
    until(lambda: told(house, "vimbiso.drill.passed").get("backup") == backed_up)
    assert told(house, "vimbiso.images.deleted")["images"] >= 1
    copy = live(house).with_name(told(house, "vimbiso.database.copied")["path"].split("/")[-1])
    assert parties(copy) == parties(live(house)) == [PARTY]


def test_the_doctor_knows_what_terraform_has_made(house: House) -> None:
    """Every name is taken, by what is in the state; nothing stands in the way of the next apply."""
    house.complete("doctor")
    rows = json.loads(house.page("doctor-local"))
    assert [row for row in rows if row["result"] == "NG" or row["seen"] == "free"] == []
    assert sum(row["seen"] == "there, and in the state" for row in rows) == 13


def test_a_backup_takes_the_live_databases_place(house: House, backed_up: str) -> None:
    """What was written since is gone from the page and kept in the file; the copy of it is no backup."""
    write(house, "UPDATE ledger_entry SET party = ? WHERE party = ?", "Rudo after", PARTY)
    before = house.service()
    assert "confirm is ''" in house.fail("restore-sqlite", in_place=True)
    assert house.service().primary == before.primary
    house.complete("restore-sqlite", in_place=True, confirm="local")
    page = read_page(house)
    assert PARTY in page
    assert "Rudo after" not in page
    until(lambda: bool(told(house, "vimbiso.database.restored")))
    aside = told(house, "vimbiso.database.restored")["aside"].split("/")[-1]
    assert parties(live(house).with_name(aside)) == ["Rudo after"]
    assert house.service().desired == before.desired
    assert any(key.endswith(".replaced.json") for key in objects(house))
    drill = house.complete("drill-restore")
    assert any(backed_up in line for line in house.whole_log(drill.id))


def test_new_secret_values_reach_new_tasks_without_a_lost_request(house: House) -> None:
    """The block is changed, ``restart`` replaces every task, and the service answers all along."""
    before = {task.arn for task in house.ecs.tasks()}
    house.blocks.enter_secret("MYCREDEX_APP_URL", "https://changed.example")
    with house.visitor() as visitor:
        house.complete("sync-secrets", restart=True)
    assert visitor.bad == []
    assert not before & {task.arn for task in house.ecs.tasks()}
    assert house.newest().kind == "restart"
    until(lambda: told(house, "vimbiso.secrets.changed").get("updated") == ["MYCREDEX_APP_URL"])


def ended(house: House, flows: dict[str, dict[str, Any]]) -> None:
    """Start runs of all these flows at once, and see each to its good end."""
    runs = {flow: house.start(flow, **parameters) for flow, parameters in flows.items()}
    states = {flow: house.end(run, 480).state_name for flow, run in runs.items()}
    assert states == dict.fromkeys(flows, "Completed")


def told(house: House, event: str) -> dict[str, Any]:
    """Return the payload of the newest event of that name; empty while there is none."""
    return next(iter(payloads(house.prefect, event)), {})


def live(house: House) -> Path:
    """Return the live database's file."""
    return house.stack.settings.state / "data/db.sqlite3"


def write(house: House, statement: str, *values: str) -> None:
    """Write into the live database, as the application does."""
    with closing(sqlite3.connect(live(house), timeout=30)) as connection, connection:
        assert connection.execute(statement, values).rowcount == 1


def parties(file: Path) -> list[str]:
    """Read whom the ledger names."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return [party for (party,) in connection.execute("SELECT party FROM ledger_entry ORDER BY id")]


def read_page(house: House) -> str:
    """Return the application's page, as a visitor sees it through the load balancer."""
    url = f"http://localhost:{house.stack.settings.aws_port}/"
    answer = httpx.get(url, headers={"Host": house.outputs.load_balancer_dns}, trust_env=False)
    assert answer.status_code == 200
    return answer.text


def objects(house: House) -> set[str]:
    """Return the keys of the database backups."""
    pages = house.access.client("s3").get_paginator("list_objects_v2")
    found = pages.paginate(Bucket=house.outputs.backup_bucket, Prefix="sqlite/")
    return {item["Key"] for page in found for item in page.get("Contents", [])}


def leave_untagged(house: House) -> None:
    """Leave an image in the repository that nothing uses."""
    ecr, name = house.access.client("ecr"), house.outputs.repository_name
    found = ecr.batch_get_image(repositoryName=name, imageIds=[{"imageDigest": house.newest().image_digest}])
    ecr.put_image(repositoryName=name, imageManifest=found["images"][0]["imageManifest"] + "\n")
