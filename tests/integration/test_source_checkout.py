"""Commits of remote repositories, fetched from a real git server that wants a token."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from git_server import GitServer, git_server

from pipeline.environment.loader import environment
from pipeline.source.checkout import KEPT
from pipeline.source.location import ResolvedSource, SourceError, SourceUnreachableError
from pipeline.source.resolve import resolve_source, source_of

_TOKEN = "t0ken-of-nobody"
_IDENTITY = ["-c", "user.name=Tester", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always"]


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", *_IDENTITY, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def _commit(folder: Path, text: str) -> str:
    (folder / "main.py").write_text(text)
    _git(folder, "add", ".")
    _git(folder, "commit", "--quiet", "-m", text)
    return _git(folder, "rev-parse", "HEAD")


@dataclass(frozen=True)
class Remote:
    """A served repository and its commits, oldest first."""

    server: GitServer
    work: Path
    commits: tuple[str, ...]
    cache: Path

    @property
    def url(self) -> str:
        """Address that needs the token."""
        return f"{self.server.url}/app/.git"

    def resolve(self, ref: str, token: str = _TOKEN, context: str = ".") -> ResolvedSource:
        """Resolve a ref of it."""
        return resolve_source(self.url, ref=ref, token=token, cache=self.cache, context=context)


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Remote]:
    """Three commits: the first tagged v1 (annotated), the second with a submodule, the third on main."""
    library, app = tmp_path / "srv" / "library", tmp_path / "srv" / "app"
    for folder in (library, app):
        folder.mkdir(parents=True)
        _git(folder, "init", "--quiet", "--initial-branch=main")
    _commit(library, "library")
    (app / "docker").mkdir()
    (app / "docker" / "Dockerfile").write_text("FROM scratch\n")
    first = _commit(app, "one")
    _git(app, "tag", "-a", "v1", "-m", "v1")
    with git_server(tmp_path / "srv", _TOKEN) as server:
        _git(app, "submodule", "--quiet", "add", str(library), "lib")
        _git(app, "config", "-f", ".gitmodules", "submodule.lib.url", "../../library/.git")
        second = _commit(app, "two")
        third = _commit(app, "three")
        yield Remote(server, app, (first, second, third), tmp_path / "cache")


@pytest.mark.parametrize(
    ("ref", "commit"), [("main", 2), ("v1", 0), ("refs/heads/main", 2), ("sha", 1), ("short", 1), ("tip", 2)]
)
def test_refs(remote: Remote, ref: str, commit: int) -> None:
    """Branch, annotated tag, full name, and commits by their whole or short SHA lead to the commit."""
    named = {"sha": remote.commits[1], "short": remote.commits[1][:9], "tip": remote.commits[2]}
    source = remote.resolve(named.get(ref, ref))
    expected = (remote.commits[commit], False, remote.url)
    assert expected == (source.revision, source.dirty, source.repository)
    assert (source.path / "main.py").read_text() == ["one", "two", "three"][commit]


def test_submodules(remote: Remote) -> None:
    """Submodules are there, and nothing of git is: it would enter the image."""
    source = remote.resolve("main")
    assert (source.path / "lib" / "main.py").read_text() == "library"
    assert not list(source.path.rglob(".git"))


def test_context(remote: Remote) -> None:
    """The build context may be a folder of the repository, but must be in it."""
    assert (remote.resolve("main", context="docker").path / "Dockerfile").is_file()
    for context in ("nowhere", "../.."):
        with pytest.raises(SourceError, match="has no folder"):
            remote.resolve("main", context=context)


def test_branch_moves(remote: Remote) -> None:
    """A branch is asked for again each time; older trees stay in the cache, up to a limit."""
    seen = {remote.resolve("main").revision}
    for number in range(KEPT + 1):
        commit = _commit(remote.work, f"more {number}")
        assert commit == remote.resolve("main").revision
        seen.add(commit)
    trees = {path.name for path in next(remote.cache.iterdir()).iterdir()}
    assert len(trees) == KEPT
    assert trees < seen


def test_unknown_ref(remote: Remote) -> None:
    """A missing branch and a missing commit are named, with the next step."""
    with pytest.raises(SourceError, match="no branch or tag 'nowhere'"):
        remote.resolve("nowhere")
    with pytest.raises(SourceError, match="has no commit 0123456789"):
        remote.resolve("0123456789" * 4)


@pytest.mark.holds("CI of each environment", "start")
def test_only_commits_of_the_branch_for_a_webhook(remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit that only a pull request holds is served by its SHA, and refused; also out of the cache."""
    _git(remote.work, "checkout", "--quiet", "-b", "fork")
    strange = _commit(remote.work, "of a fork")
    _git(remote.work, "update-ref", "refs/pull/7/head", strange)
    _git(remote.work, "checkout", "--quiet", "main")
    _git(remote.work, "branch", "--quiet", "-D", "fork")
    monkeypatch.setenv("VIMBISO_STATE", str(remote.cache))
    source = environment("staging").source.model_copy(update={"repository": remote.url})
    staging = environment("staging").model_copy(update={"source": source, "branch": "main"})
    assert source_of(staging, strange, _TOKEN).revision == strange
    for ref in (strange, strange[:12], "refs/pull/7/head", "v1"):
        with pytest.raises(SourceError, match=f"{ref} is no commit of the branch main of"):
            source_of(staging, ref, _TOKEN, branch_only=True)
    for commit in remote.commits:
        assert source_of(staging, commit, _TOKEN, branch_only=True).revision == commit
    assert not list(remote.cache.glob("sources/.partial-*"))


def test_ambiguous_ref(remote: Remote) -> None:
    """A tag that shadows a branch isn't guessed at."""
    _git(remote.work, "tag", "main", remote.commits[0])
    with pytest.raises(SourceError, match="refs/heads/main or refs/tags/main"):
        remote.resolve("main")
    assert remote.resolve("refs/tags/main").revision == remote.commits[0]


@pytest.mark.parametrize("token", ["", "wr0ng"])
def test_refused(remote: Remote, token: str) -> None:
    """Without the right token it fails at once, without a question, and without showing the token."""
    with pytest.raises(SourceError) as caught:
        remote.resolve("main", token=token)
    assert "wr0ng" not in str(caught.value)
    assert not isinstance(caught.value, SourceUnreachableError)


def test_unreachable(tmp_path: Path) -> None:
    """A server that isn't there is another kind of error: trying again may help."""
    with pytest.raises(SourceUnreachableError):
        resolve_source("http://127.0.0.1:9/a.git", ref="main", cache=tmp_path)


def test_token_in_the_url_is_hidden(remote: Remote) -> None:
    """A token pasted into the URL works, and shows nowhere: not in the source, the processes or the cache."""
    url = remote.url.replace("http://", f"http://{_TOKEN}@")
    remote.server.stall.set()
    fetching = _start_fetch(url, remote.cache)
    try:
        assert remote.server.stalled.wait(240)
        assert _TOKEN not in _command_lines(fetching.pid)
    finally:
        _kill(fetching)
    remote.server.stall.clear()
    source = resolve_source(url, ref="main", cache=remote.cache)
    assert source.repository == remote.url
    found = [
        path for path in remote.cache.rglob("*") if path.is_file() and _TOKEN.encode() in path.read_bytes()
    ]
    assert not found


def test_killed_in_the_middle(remote: Remote) -> None:
    """After kill -9 during the fetch nothing is taken for a checkout, and the next run ends well."""
    remote.server.stall.set()
    fetching = _start_fetch(remote.url, remote.cache)
    assert remote.server.stalled.wait(240)
    _kill(fetching)
    remote.server.stall.clear()
    left = [path.name for path in next(remote.cache.iterdir()).iterdir()]
    assert [name[:9] for name in left] == [".partial-"]
    assert (remote.resolve("main").path / "lib" / "main.py").is_file()


def test_local_repository_at_a_ref(remote: Remote) -> None:
    """A folder with a ref gives what is committed there, named by the last commit that touched it."""
    (remote.work / "main.py").write_text("uncommitted")
    source = resolve_source(str(remote.work), ref="v1", cache=remote.cache)
    assert (source.path / "main.py").read_text() == "one"
    inner = resolve_source(str(remote.work / "docker"), ref=remote.commits[0], cache=remote.cache)
    assert (inner.revision, inner.path.name) == (remote.commits[0], "docker")


def _start_fetch(url: str, cache: Path) -> subprocess.Popen[bytes]:
    code = (
        "import os, pathlib, pipeline.source.resolve as s; "
        "s.resolve_source(os.environ['URL'], ref='main', token=os.environ['TOKEN'], "
        "cache=pathlib.Path(os.environ['CACHE']))"
    )
    variables = {**os.environ, "URL": url, "TOKEN": _TOKEN, "CACHE": str(cache)}
    return subprocess.Popen([sys.executable, "-c", code], env=variables, start_new_session=True)


def _kill(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _command_lines(session: int) -> str:
    """Command lines of every process of a session."""
    lines = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(path.name)) == session:
                lines.append((path / "cmdline").read_bytes().decode())
        except (ProcessLookupError, FileNotFoundError):
            continue
    assert len(lines) > 1
    return "\n".join(lines)
