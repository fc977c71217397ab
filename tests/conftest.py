"""What every test needs."""

import fcntl
import os
import signal
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import botocore.session
import pytest
import support.some_source  # noqa: F401 - before the environments are read
from hypothesis import settings
from support.checked_requests import check_requests, refused
from support.prefect_home import copy_home, make_home

from pipeline.aws import access

# A busy machine is no fault of the code; and CI judges a change by the same examples each time.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.register_profile("nightly", deadline=None, max_examples=1000)
settings.load_profile("ci" if os.environ.get("CI") else "here")

# What a shell starts in the background ignores Ctrl-C, and so do its children, workers of Prefect included.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Every test has sessions of its own, and each would parse botocore's description of AWS again: a third of all
# that the unit tests do. The files do not change.
botocore.session.create_loader = cache(botocore.session.create_loader)

check_requests()


@pytest.fixture(autouse=True)
def own_aws_clients() -> Iterator[None]:
    """Let no test use the AWS clients that another one made."""
    access._clients.clear()
    access._sessions.clear()
    yield
    access._clients.clear()
    access._sessions.clear()


@pytest.fixture(autouse=True)
def requests_that_aws_accepts() -> Iterator[None]:
    """Fail the test that made a request which AWS would refuse, wherever the error went."""
    refused.clear()
    yield
    assert refused == [], "AWS would refuse what was sent"


@pytest.fixture(scope="session")
def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Make a folder the home of a new Prefect server; the processes of a parallel run copy one database."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    made = shared / "prefect-home"
    with (shared / "prefect-home.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            own = tmp_path_factory.mktemp("prefect-home") / "home"
            make_home(own)
            own.rename(made)
    return lambda home: copy_home(made, home)
