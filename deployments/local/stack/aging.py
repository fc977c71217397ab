"""Lets go what AWS lets go by itself, and MiniStack 1.5 keeps in memory and in its saved state for ever.

Stopped tasks, log events past their group's retention, layers of images that are gone, and versions of
objects that were replaced long ago. The stack's own logs are kept short in passing.
"""

import threading
import time
from collections.abc import Iterable, Mapping, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from ministack.services import cloudwatch_logs, ecr, ecs  # type: ignore[import-untyped] # has no types

from deployments.local.stack.blobs import unused_layers
from deployments.local.stack.children import bound_log

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_LOOK, _BETWEEN = 10.0, timedelta(hours=1)
"""Seconds between two looks at the clock, and the time between two rounds by it: the machine may sleep."""
STOPPED_FOR = timedelta(hours=1)
"""How long ECS tells of a stopped task (DescribeTasks)."""
REPLACED_FOR = timedelta(days=90)
"""How long a version of an object stays after it was replaced: as the rules of the buckets on AWS."""


def forget_tasks(tasks: MutableMapping[Any, dict[str, Any]], now: datetime) -> None:
    """Forget tasks that stopped an hour ago."""
    for key, task in list(tasks.items()):
        stopped = task.get("stoppedAt")
        if stopped and now - datetime.fromisoformat(stopped) > STOPPED_FOR:
            tasks.pop(key, None)


def forget_events(groups: MutableMapping[Any, dict[str, Any]], now: datetime) -> None:
    """Forget what is older than its group's retention, and streams that hold nothing else."""
    for group in list(groups.values()):
        if days := group.get("retentionInDays"):
            first = (now - timedelta(days=days)).timestamp() * 1000
            for name, stream in list(group["streams"].items()):
                _forget_before(stream, first)
                if not stream["events"] and stream["creationTime"] < first:
                    group["streams"].pop(name, None)


def _forget_before(stream: dict[str, Any], first: float) -> None:
    with cloudwatch_logs._log_events_lock:
        stream["events"] = [item for item in stream["events"] if item["timestamp"] >= first]


def remove_layers(folder: Path, before: frozenset[Path]) -> frozenset[Path]:
    """Remove layers that no image had at the look ``before`` and none has now; return the others without one.

    A push that goes on writes its layers before its image: an hour later it has ended.
    """
    unused = frozenset(unused_layers(folder, ecr.get_state()))
    for path in unused & before:
        path.unlink(missing_ok=True)
    return unused - before


def remove_versions(s3: "S3Client", now: datetime) -> None:
    """Remove the versions of every bucket that were replaced or removed 90 days ago, and their markers.

    The oldest goes first: without its marker an object would be there again.
    """
    for bucket in s3.list_buckets()["Buckets"]:
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket["Name"])
        for key, version in reversed(past_versions((dict(page) for page in pages), now)):
            s3.delete_object(Bucket=bucket["Name"], Key=key, VersionId=version)


def past_versions(pages: Iterable[Mapping[str, Any]], now: datetime) -> list[tuple[str, str]]:
    """Return key and version of each that goes, newest first (pure): pages list them by key, newest first."""
    found: list[tuple[str, str]] = []
    newer: Mapping[str, Any] = {"Key": None}
    for page in pages:
        markers = [{**item, "marker": True} for item in page.get("DeleteMarkers", [])]
        listed = [*page.get("Versions", []), *markers]
        listed.sort(key=lambda item: item["LastModified"], reverse=True)
        for item in sorted(listed, key=lambda item: str(item["Key"])):
            last = newer if newer["Key"] == item["Key"] else item
            if now - last["LastModified"] > REPLACED_FOR and (item.get("marker") or not item["IsLatest"]):
                found.append((item["Key"], item["VersionId"]))
            newer = item
    return found


def run(layers: Path, logs: Path, s3: "S3Client") -> None:
    """Go round each hour, for ever; belongs on a daemon thread."""
    unused: frozenset[Path] = frozenset()
    last = datetime.now(UTC)
    while True:
        time.sleep(_LOOK)
        now = datetime.now(UTC)
        if now - last >= _BETWEEN:
            last = now
            forget_tasks(ecs._tasks._data, now)
            forget_events(cloudwatch_logs._log_groups._data, now)
            unused = remove_layers(layers, unused)
            for log in logs.glob("*.log"):
                bound_log(log)
            with suppress(BotoCoreError, ClientError):  # the next round tries again
                remove_versions(s3, now)


def start(layers: Path, logs: Path, s3: "S3Client") -> None:
    """Begin to go round, with the folders of the registry's layers and of the stack's logs."""
    threading.Thread(target=run, args=(layers, logs, s3), name="aging", daemon=True).start()
