"""Server that a container starts, with its port, as far as its command and its files tell. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import basename

from deployments.checkout.dockerfile import Stage, split_words
from deployments.checkout.model import Checkout

PORT = 8000
_SERVERS = ("gunicorn", "uwsgi", "daphne", "uvicorn", "hypercorn", "waitress-serve", "granian", "runserver")
_SERVER = re.compile(rf"(?<![\w.-])(?:[\w./-]*/)?({'|'.join(_SERVERS)})(?![\w-])")
_NUMBER = r"\$[{(]?PORT(?::-\d+)?[)}]?|\d{1,5}(?![\w.])"
_ADDRESS = re.compile(
    r"(?:--bind|--listen|-b|\bbind|--?-?http(?:-socket)?|\bhttp(?:-socket)?|runserver)[\s=:]+\[?['\"]?"
    rf"((?:[\w.*:-]*:)?(?:{_NUMBER})|unix:\S+)",
)
_PORT = re.compile(rf"(?:--port|-p)[\s=]+['\"]?({_NUMBER})")
_HOST = re.compile(r"(?:--host|-b|--bind)[\s=]+['\"]?([\w.:-]+)")
_SOCKET = re.compile(r"(?:--|\b)socket[\s=]+\S+")
_FILE = re.compile(r"[\w./-]+\.(?:py|ini|conf|xml|toml)\b")
_LISTENS_INSIDE = ("daphne", "uvicorn", "runserver")
"""Servers that listen on the loopback address unless they are told otherwise."""


@dataclass
class ServerFacts:
    """Server that a container starts."""

    name: str = ""
    """Program; "" where none is recognised."""
    text: str = ""
    """Command, scripts and configuration files in which it was looked for."""
    scripts: tuple[str, ...] = ()
    """Files of the checkout that the container starts with."""
    last: str = ""
    """Line that starts it in a script."""
    port: int | None = None
    loopback: bool = False
    """Whether nobody outside the container reaches it."""
    protocol: str = "http"
    """``uwsgi`` or ``unix`` where it does not listen for HTTP on a port."""


def names_server(text: str) -> bool:
    """Whether a text names a server that is known."""
    return _SERVER.search(text) is not None


def find_server(checkout: Checkout, stage: Stage) -> ServerFacts:
    """Look for the server; the variable PORT is the first port that the stage exposes."""
    scripts = tuple(_scripts(checkout, stage.started))
    started = "\n".join([" ".join(stage.started), *map(checkout.text, scripts)])
    found = sorted(_SERVER.findall(started), key="runserver".__ne__)  # which is for development
    name = found[-1] if found else ""
    configured = [*_from_variables(stage), *map(checkout.text, _configured(checkout, name, started))]
    text = "\n".join([started, *configured])
    lines = [line.strip() for line in text.splitlines() if name in _SERVER.findall(line)]
    lines = [line for line in lines if not line.startswith("#")]
    facts = ServerFacts(name, text, scripts, last=lines[-1] if lines else "")
    addresses = _ADDRESS.findall("\n".join([*lines, *configured]))
    _listen(facts, addresses[-1] if addresses else "", next(iter(stage.ports), PORT))
    return facts


def _from_variables(stage: Stage) -> Iterator[str]:
    """Yield options that a server takes from its environment, as its command or file would have them."""
    for name, value in stage.environment.items():
        if name.startswith("UWSGI_"):
            yield f"{name.removeprefix('UWSGI_').lower().replace('_', '-')} = {value}"
        elif name == "GUNICORN_CMD_ARGS":
            yield f"gunicorn {value}"


def _scripts(checkout: Checkout, words: tuple[str, ...]) -> Iterator[str]:
    """Yield the shell scripts among the words that the checkout has."""
    for name in map(basename, split_words(" ".join(words))):
        named = checkout.named(name) if name.endswith(".sh") or "." not in name else []
        yield from [path for path in named if path.endswith(".sh") or checkout.text(path)[:2] == "#!"][:1]


def _configured(checkout: Checkout, name: str, started: str) -> Iterator[str]:
    """Yield the server's configuration files."""
    names = {"gunicorn.conf.py"} if name == "gunicorn" else set()
    for wanted in sorted(names | set(map(basename, _FILE.findall(started))) - {"manage.py"}):
        yield from checkout.named(wanted)[:1]


def _listen(facts: ServerFacts, address: str, port: int) -> None:
    """Note where the server listens; ``port`` is what the variable PORT says."""
    if facts.name == "uwsgi" and not address:
        facts.protocol = "uwsgi" if _SOCKET.search(facts.text) else "http"
    elif facts.name == "gunicorn" and not address:
        facts.port = port  # its default is 0.0.0.0:$PORT
    elif address.startswith("unix:"):
        facts.protocol = "unix"
    else:
        host, _, number = address.rpartition(":")
        numbers = [number] if number else _PORT.findall(facts.last)
        hosts = [host] if host or facts.name == "uwsgi" else _HOST.findall(facts.last)
        inside = facts.name in _LISTENS_INSIDE and not host
        facts.loopback = hosts[-1].startswith(("127.", "localhost")) if hosts and hosts[-1] else inside
        facts.port = PORT if inside or facts.name in _SERVERS[2:] else None
        if numbers:
            facts.port = int(numbers[-1]) if numbers[-1].isdecimal() else port
