"""Measures what the pipeline and its stack keep: rows, bytes, objects, images, memory."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import docker
import psutil
from support.house import House

from deployments.local.stack.processes import marked

Measures = dict[str, int]
"""What is there by its name, which ends in what is counted: ``database: MB`` would be ``database: bytes``."""


def measure(house: House) -> Measures:
    """Look at everything once."""
    state = house.stack.settings.state
    return {
        **_database(state / "prefect/prefect.db"),
        **_folders(state),
        **_logs(state / "logs"),
        **_buckets(house),
        **_cloud(house),
        **_engine(house),
        **_processes(str(state)),
    }


def _database(path: Path) -> Measures:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        size, free = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "freelist_count")
        )
        present = {
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        rows = {
            f"prefect: rows of {table}": connection.execute(
                f'SELECT count(*) FROM "{table}"'  # noqa: S608 - the file's own names
            ).fetchone()[0]
            for table in sorted(present)
            if not table.startswith(("sqlite", "alembic"))
        }
    whole = sum(file.stat().st_size for file in path.parent.glob("prefect.db*"))
    return {"prefect: bytes of the database": whole, "prefect: bytes free in it": size * free, **rows}


def _folders(state: Path) -> Measures:
    """Files and bytes of each folder of the state, and of each in Prefect's home and the emulator's."""
    found: Counter[str] = Counter()
    for path in _files(state):
        parts = path.relative_to(state).parts
        name = "/".join(parts[: 2 if parts[0] in ("prefect", "aws") else 1][: max(1, len(parts) - 1)])
        found[f"disk: files in {name}"] += 1
        found[f"disk: bytes in {name}"] += _size(path)
    return dict(found)


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield path


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # gone meanwhile
        return 0


def _logs(folder: Path) -> Measures:
    return {f"log: bytes of {path.name}": _size(path) for path in sorted(folder.iterdir())}


def _buckets(house: House) -> Measures:
    client, found = house.access.client("s3"), Counter[str]()
    for bucket in (item["Name"] for item in client.list_buckets()["Buckets"]):
        for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for item in page.get("Versions", []):
                _count_version(found, bucket, item)
            found[f"{bucket}: delete markers"] += len(page.get("DeleteMarkers", []))
    return dict(found)


def _count_version(found: "Counter[str]", bucket: str, item: Any) -> None:
    kept = "objects" if item["IsLatest"] else "old versions"
    found[f"{bucket}: {kept} below {_place(item['Key'])}"] += 1
    found[f"{bucket}: bytes of {kept}"] += item["Size"]


def _place(key: str) -> str:
    """Return the folder without dates and names of one thing: its first two parts, three below releases."""
    return "/".join(key.split("/")[:-1][: 3 if key.startswith(("releases", "sqlite-jobs")) else 2])


def _cloud(house: House) -> Measures:
    ecs, family = house.access.client("ecs"), house.outputs.task_family
    revisions = {
        status: len(
            ecs.list_task_definitions(familyPrefix=family, status=status, maxResults=100)[
                "taskDefinitionArns"
            ]
        )
        for status in ("ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS")
    }
    logs = house.access.client("logs")
    streams = 0
    for group in logs.describe_log_groups()["logGroups"]:
        for page in logs.get_paginator("describe_log_streams").paginate(logGroupName=group["logGroupName"]):
            streams += len(page["logStreams"])
    images = house.access.client("ecr").get_paginator("list_images")
    count = sum(
        len(page["imageIds"]) for page in images.paginate(repositoryName=house.outputs.repository_name)
    )
    return {
        **{f"ecs: {status} revisions": number for status, number in revisions.items()},
        "logs: streams": streams,
        "registry: images": count,
    }


def _engine(house: House) -> Measures:
    engine = docker.from_env()
    mine = f"localhost:{house.stack.settings.aws_port}/"
    images = engine.images.list()
    dangling = engine.images.list(filters={"dangling": True})
    return {
        "engine: images of the repository": sum(
            any(tag.startswith(mine) for tag in (*image.attrs["RepoTags"], *image.attrs["RepoDigests"]))
            for image in images
        ),
        "engine: images without a name": len(dangling),
        "engine: containers": len(engine.containers.list(all=True)),
        "engine: volumes": len(engine.volumes.list()),
        "engine: bytes of build cache": sum(
            item.get("Size", 0) for item in engine.df().get("BuildCache") or [] if not item.get("Shared")
        ),
    }


def _processes(owner: str) -> Measures:
    found: Counter[str] = Counter()
    for process in marked(owner):
        try:
            found[f"memory: bytes of {process.name}"] += psutil.Process(process.pid).memory_full_info().uss
        except psutil.NoSuchProcess:
            continue
    return dict(found)
