"""Server that a container starts, with its port, as far as its command and its files tell. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from posixpath import basename

from deployments.checkout.dockerfile import Stage, split_words
from deployments.checkout.model import Checkout

SERVERS = ("gunicorn", "uwsgi", "daphne", "uvicorn", "hypercorn", "waitress-serve", "granian", "runserver")
_SERVER = re.compile(rf"(?<![\w.-])(?:[\w./-]*/)?({'|'.join(SERVERS)})(?![\w-])")
_PORT_NUMBER = r"\$[{(]?PORT(?::-\d+)?[)}]?|\d{1,5}(?![\w.])"
_ADDRESS = re.compile(
    rf"(?:--bind|--listen|-b|\bbind|--?-?http(?:-socket)?|\bhttp(?:-socket)?|runserver)[\s=:]+\[?['\"]?"
    rf"((?:[\w.*:-]*:)?(?:{_PORT_NUMBER})|unix:\S+)",
)
_PORT = re.compile(rf"(?:--port|-p)[\s=]+['\"]?({_PORT_NUMBER})")
_HOST = re.compile(r"(?:--host|-b|--bind)[\s=]+['\"]?([\w.:-]+)")
_LOOPBACK = ("127.", "localhost")
_LISTENS_INSIDE = ("daphne", "uvicorn", "runserver")
"""Servers that listen on the loopback address unless they are told otherwise."""


@dataclass(frozen=True)
class ServerFacts:
    """Server that a container starts."""

    name: str
    """Program; "" where none is recognised."""
    text: str
    """Command, scripts and configuration files in which it was looked for."""
    scripts: tuple[str, ...] = ()
    """Files of the checkout that the container starts with."""
    port: int | None = None
    loopback: bool = False
    """Whether nobody outside the container reaches it."""
    protocol: str = "http"
    """``uwsgi`` or ``unix`` where it does not listen for HTTP on a port."""
    last: str = ""
    """Line that starts it in a script."""


def names_server(text: str) -> bool:
    """Whether a text names a server that is known."""
    return _SERVER.search(text) is not None


def find_server(checkout: Checkout, stage: Stage, port: int = 8000) -> ServerFacts:
    """Look for the server; ``port`` is the one that the variable PORT gives."""
    words = stage.started
    command = " ".join(words)
    scripts = tuple(_scripts(checkout, words))
    started = "\n".join([command, *(checkout.text(path) for path in scripts)])
    found = sorted(_SERVER.findall(started), key="runserver".__ne__)  # which is for development
    name = found[-1] if found else ""
    files = _configured(checkout, name, started)
    configured = [*_from_variables(stage), *(checkout.text(path) for path in files)]
    text = "\n".join([started, *configured])
    lines = [
        line.strip()
        for line in text.splitlines()
        if name in _SERVER.findall(line) and line.strip()[:1] != "#"
    ]
    address = _ADDRESS.findall("\n".join([*lines, *configured]))
    return _listening(ServerFacts(name, text, scripts, last=lines[-1] if lines else ""), address, port)


def _from_variables(stage: Stage) -> Iterator[str]:
    """Yield options that a server takes from its environment, as its command or file would have them."""
    for name, value in stage.environment.items():
        if name.startswith("UWSGI_"):
            yield f"{name.removeprefix('UWSGI_').lower().replace('_', '-')} = {value}"
        elif name == "GUNICORN_CMD_ARGS":
            yield f"gunicorn {value}"


def _scripts(checkout: Checkout, words: tuple[str, ...]) -> Iterator[str]:
    """Yield the shell scripts among the words that the checkout has."""
    for word in split_words(" ".join(words)):
        name = basename(word)
        if name and (name.endswith(".sh") or "." not in name):
            yield from [path for path in checkout.named(name) if _is_script(path, checkout.text(path))][:1]


def _is_script(path: str, text: str) -> bool:
    return path.endswith(".sh") or text.startswith("#!")


def _configured(checkout: Checkout, name: str, started: str) -> Iterator[str]:
    """Yield the server's configuration files."""
    names = {basename(word) for word in re.findall(r"[\w./-]+\.(?:py|ini|conf|xml|toml)\b", started)}
    if name == "gunicorn":
        names.add("gunicorn.conf.py")
    for wanted in sorted(names - {"manage.py"}):
        yield from checkout.named(wanted)[:1]


def _listening(facts: ServerFacts, addresses: list[str], port: int) -> ServerFacts:
    if facts.name == "uwsgi" and not addresses:
        sockets = re.search(r"(?:--|\b)socket[\s=]+\S+", facts.text)
        return replace(facts, protocol="uwsgi") if sockets else facts
    if facts.name == "gunicorn" and not addresses:
        return replace(facts, port=port)  # its default is 0.0.0.0:$PORT
    address = addresses[-1] if addresses else ""
    if address.startswith("unix:"):
        return replace(facts, protocol="unix")
    host, _, number = address.rpartition(":")
    ports = [number] if number else _PORT.findall(facts.last)
    hosts = [host] if host or facts.name == "uwsgi" else _HOST.findall(facts.last)
    inside = facts.name in _LISTENS_INSIDE and not host
    loopback = hosts[-1].startswith(_LOOPBACK) if hosts and hosts[-1] else inside
    known = (int(ports[-1]) if ports[-1].isdecimal() else port) if ports else None
    default = 8000 if inside or facts.name in SERVERS[2:] else None
    return replace(facts, port=known or default, loopback=loopback)
