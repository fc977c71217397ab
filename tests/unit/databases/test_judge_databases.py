"""Which databases a release may run with, and what is said of the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.databases.model import FoundDatabase, judge_databases, servers
from pipeline.environment.application import DataSettings

DATA = DataSettings(path="/data", databases=["/data/db.sqlite3"])
NONE = DataSettings(path="/data", databases=[])
GOOD = FoundDatabase(alias="default", vendor="sqlite", path="/data/db.sqlite3", mount="/data", exists=True)
SECOND = GOOD.model_copy(update={"alias": "audit", "path": "/data/audit.sqlite3"})
SERVER = FoundDatabase(alias="default", vendor="postgresql")
BESIDE = GOOD.model_copy(update={"path": "/app/db.sqlite3", "mount": "/"})
MEMORY = FoundDatabase(alias="default", vendor="sqlite")
ELSEWHERE = GOOD.model_copy(update={"path": "/media/db.sqlite3", "mount": "/media"})
RENAMED = GOOD.model_copy(update={"path": "/data/new.sqlite3", "exists": False})
LINE = "import os; DATABASES['default']['NAME'] = os.environ.get('DATABASE_PATH') or '/data/db.sqlite3'"

SAFE = {
    "on the volume": ((GOOD,), DATA, ()),
    "not made yet": ((GOOD.model_copy(update={"exists": False}),), DATA, ()),
    "a server's, and none configured": ((SERVER,), NONE, ()),
    "no database at all": ((FoundDatabase(alias="default", vendor="unknown"),), NONE, ()),
    "two files": (
        (GOOD, SECOND),
        DataSettings(path="/data", databases=["/data/db.sqlite3", "/data/audit.sqlite3"]),
        (),
    ),
    "known and there": ((GOOD,), DATA, ("/data/db.sqlite3",)),
    "a file, and a server's beside it": ((GOOD, SERVER.model_copy(update={"alias": "crm"})), DATA, ()),
}

REFUSED = {
    "beside the code": ((BESIDE,), DATA, (), ["/app/db.sqlite3, inside the container", LINE]),
    "in memory": ((MEMORY,), DATA, (), ["is in memory: every process has its own", LINE]),
    "on another volume": ((ELSEWHERE,), DATA, (), ["on the volume at /media, which is not the data volume"]),
    "two aliases of one file": (
        (GOOD, GOOD.model_copy(update={"alias": "copy"})),
        DATA,
        (),
        ["Databases 'default' and 'copy' are one file, /data/db.sqlite3"],
    ),
    "another name than is backed up": (
        (GOOD.model_copy(update={"path": "/data/shop.db"}),),
        DATA,
        (),
        ["/data/shop.db is not among", 'Set `databases = ["/data/shop.db"]`', "deploy-infrastructure"],
    ),
    "one more than is backed up": (
        (SECOND, GOOD),
        DATA,
        (),
        ['Set `databases = ["/data/db.sqlite3", "/data/audit.sqlite3"]`'],
    ),
    "a file where none is backed up": ((GOOD,), NONE, (), ["are backed up (none)"]),
    "a server's where a file is backed up": (
        (SERVER,),
        DATA,
        (),
        [
            "/data/db.sqlite3, which this application's Django does not use",
            "Set `databases = []`",
            "server's",
        ],
    ),
    "gone since the last release": (
        (GOOD.model_copy(update={"exists": False}),),
        DATA,
        ("/data/db.sqlite3",),
        ["/data/db.sqlite3 is not there or empty, though an earlier release"],
    ),
    "another file than the last release's": (
        (RENAMED,),
        DataSettings(path="/data", databases=["/data/new.sqlite3"]),
        ("/data/db.sqlite3",),
        ["kept its data in /data/db.sqlite3", "would be left behind", "Set the path back"],
    ),
}


@pytest.mark.parametrize(("found", "data", "kept"), SAFE.values(), ids=SAFE.keys())
def test_safe_data_lets_a_release_run(
    found: tuple[FoundDatabase, ...], data: DataSettings, kept: tuple[str, ...]
) -> None:
    """Nothing is said."""
    assert judge_databases(found, data, kept) == ()


@pytest.mark.parametrize(("found", "data", "kept", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_data_at_risk_is_refused_with_what_to_set(
    found: tuple[FoundDatabase, ...], data: DataSettings, kept: tuple[str, ...], said: list[str]
) -> None:
    """One fault, and the line to write."""
    (fault,) = judge_databases(found, data, kept)
    assert [text for text in said if text not in fault] == []


def test_servers_are_their_owners() -> None:
    """A file is not, nor is no database at all."""
    nothing = FoundDatabase(alias="x", vendor="unknown")
    assert servers((GOOD, SERVER, nothing)) == (SERVER,)


PATHS = st.sampled_from(["/data/a", "/data/b", "/app/a", "/data/sub/a", "/media/a", ""])
FOUND = st.builds(
    FoundDatabase,
    alias=st.sampled_from(["default", "one", "two"]),
    vendor=st.sampled_from(["sqlite", "postgresql"]),
    path=PATHS,
    mount=st.sampled_from(["/", "/data", "/media"]),
    exists=st.booleans(),
)


@given(
    st.lists(FOUND, max_size=3, unique_by=lambda item: item.alias),
    st.lists(st.sampled_from(["/data/a", "/data/b", "/data/sub/c"]), unique=True),
)
def test_what_passes_is_on_the_volume_and_backed_up(found: list[FoundDatabase], databases: list[str]) -> None:
    """Whatever the application names: every file that passes outlives its task, and has a backup."""
    data = DataSettings(path="/data", databases=databases)
    if judge_databases(found, data):
        return
    files = [item for item in found if item.in_a_file]
    assert all(item.mount == "/data" and item.path.startswith("/data/") for item in files)
    assert {item.path for item in files} == set(databases)
    assert len({item.path for item in files}) == len(files)
