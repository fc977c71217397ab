"""A Prefect server's home with its database made: half of what a start works is making it."""

import os
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import httpx
from support.ports import free_port
from support.serving import served
from tenacity import retry, retry_if_not_result, stop_after_delay, wait_fixed


def make_home(home: Path) -> None:
    """Let a server make its database and go; nobody has ever used it."""
    home.mkdir(parents=True)
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    variables = {**kept, "PREFECT_HOME": str(home), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    command = [sys.executable, "-m", "deployments", "stack", "server", "--port", str(port)]
    with served(command, variables, home / "log"):
        wait_for_server(f"http://127.0.0.1:{port}/api/health")
    with closing(sqlite3.connect(home / "prefect.db")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def copy_home(made: Path, home: Path) -> Path:
    """Give a server a home of its own, like the made one; return it."""
    home.mkdir(parents=True, exist_ok=True)
    for name in ("prefect.db", "memo_store.toml"):  # the second says which block types are in the first
        shutil.copy(made / name, home)
    return home


@retry(retry=retry_if_not_result(bool), wait=wait_fixed(0.1), stop=stop_after_delay(240))
def wait_for_server(url: str) -> bool:
    """Return when a server answers there."""
    try:
        return httpx.get(url, timeout=30, trust_env=False).is_success
    except httpx.TransportError:
        return False
