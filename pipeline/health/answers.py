"""Usual causes of bad answers of a health path, and their remedies. Pure."""

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import SplitResult, urljoin, urlsplit

BODY_LIMIT = 200
"""Characters of an answer that are shown."""
_LOOKED_AT = 10_000
"""Characters of an answer that are searched: a page may be huge."""
ON_THE_WAY = frozenset({502, 503, 504})
"""What a load balancer says of a target that is not there yet or no longer; 503 also who is warming up."""
_SECRET = re.compile(
    r"(?i)(?<![\w-])([\w-]*(?:password|passwd|secret|token|api[_-]?key|authorization|credential)[\w-]*[\"']?\s*[:=]\s*)"
    r"(?:(?:bearer|basic)\s+)?(?:\"[^\"]*\"?|'[^']*'?|[^\s,;&}]+)"
)
_USER = re.compile(r"(://)[^/\s@]+@")
_LOGIN = re.compile(r"log-?in|sign-?in|\bauth|accounts/", re.IGNORECASE)
_NO_TASK = "No task answers: the load balancer says so while it has no healthy target"
_HOSTS = (
    "Most likely ALLOWED_HOSTS refuses the host, and a load balancer asks with the task's address as Host: "
    "answer the health path in a middleware before Django looks at the host, or allow the tasks' addresses"
)
_EXEMPT = "exempt the health path from the login"


def explain_answer(status: int, headers: Mapping[str, str], url: str) -> str:
    """Return the usual cause and the remedy of a bad answer; "" where only the application's log knows.

    Args:
        status: its code.
        headers: its headers, named in lower case.
        url: where it was asked for.
    """
    path = urlsplit(url).path or "/"
    if 300 <= status < 400 and headers.get("location"):
        try:
            return _redirect(urlsplit(url), urlsplit(urljoin(url, headers["location"])))
        except ValueError:
            return "It leads to an address that is none"
    if status in ON_THE_WAY:
        own = "json" in headers.get("content-type", "")
        return "" if own else _NO_TASK
    return {
        400: _HOSTS,
        401: f"The health path asks for a login: {_EXEMPT}",
        403: f"The health path is refused: {_EXEMPT}; a web firewall may refuse it, too",
        404: f"The application has no page {path}: set health_path to one that it has",
    }.get(status, "")


def _redirect(asked: SplitResult, target: SplitResult) -> str:
    path = asked.path or "/"
    if target.path.rstrip("/") == path.rstrip("/") and target.scheme == "https" != asked.scheme:
        return (
            "Most likely Django's SECURE_SSL_REDIRECT, without an exception for the health path: set "
            f'SECURE_REDIRECT_EXEMPT = [r"^{path.removeprefix("/")}$"]'
        )
    if target.path == path and target.scheme == asked.scheme == "https" and target.hostname == asked.hostname:
        return (
            "Most likely Django's SECURE_SSL_REDIRECT, blind to the TLS that ends at the load balancer: "
            'set SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")'
        )
    if target.path == f"{path}/":
        return f"Most likely Django's APPEND_SLASH: set health_path to {target.path}"
    if _LOGIN.search(target.path) or "next=" in target.query:
        return f"It leads to a login: {_EXEMPT}"
    return "Set health_path to a page that answers by itself, or accept the code"


def name_place(location: str) -> str:
    """Return where a redirect leads, without a query or a password: they may hold a secret."""
    return _clip(_USER.sub(r"\1", re.split(r"[?#]", location)[0]))


def name_body(text: str) -> str:
    """Return what an answer says, in a short line without markup and secrets; of JSON its message."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        told = (found[name] for name in ("message", "error", "detail") if found.get(name))
        text = str(next(told, text))
    text = re.sub(r"(?is)<(style|script|title)\b.*?</\1\s*>|<[^>]*>", " ", text[:_LOOKED_AT])
    line = " ".join(text.split())[: 2 * BODY_LIMIT]
    return _clip(_USER.sub(r"\1", _SECRET.sub(r"\1***", line)))


def _clip(text: str) -> str:
    return text if len(text) <= BODY_LIMIT else f"{text[: BODY_LIMIT - 1]}…"


_LISTENS = re.compile(
    r"(?i)\b(?:listening|running|serving|bound|development server)\b[^:]*?"
    r"(?:\bat:? |\bon:? |\baddress |(?=http))"
    r"(?:https?://)?(?P<host>\[[\da-f:]*\]|[\w.*-]*):(?P<port>\d{2,5})\b"
)
"""What gunicorn, uvicorn, daphne, uwsgi, waitress and Django's own server say of their address."""
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def listens_elsewhere(lines: Iterable[str], port: int) -> str:
    """Return where the application says that it listens, where nobody can reach it there; else ""."""
    found = [(match["host"], int(match["port"])) for line in lines if (match := _LISTENS.search(line))]
    if not found or any(host not in _LOOPBACK and number == port for host, number in found):
        return ""
    host, number = found[-1]
    where = f"port {number}" if number != port else f"{host} alone"
    return (
        f"Nothing can be reached on port {port}: by its log the application listens on {where}. "
        f"Let it listen on 0.0.0.0:{port}{f', or set container_port = {number}' if number != port else ''}."
    )
