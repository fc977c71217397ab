"""Dockerfile and server, judged by whether the application can be deployed. Pure."""

import re
from collections.abc import Iterator
from posixpath import basename, dirname

from deployments.checkout.application import DATA, DjangoApplication
from deployments.checkout.model import CheckoutFinding, find

BASE_IMAGE = "BASE_IMAGE"
"""ARG that the local stack has an image for."""
UNGIVEN = "..."
"""Stands where a value is still to be given."""
_MIGRATES = re.compile(r"(?:manage\.py|django-admin|-m\s+django)\s+migrate\b")
_PRIVATE = re.compile(r"(?:^|/)(\.env(?:\.[\w-]+)?|[\w.-]+\.(?:sqlite3?|db))$")
_EXAMPLE = re.compile("example|sample|template|dist")
_SHELLS = (("/bin/sh", "-c"), ("sh", "-c"), ("bash", "-c"))
_PACKAGES = {"uwsgi": ("uwsgi", "pyuwsgi"), "waitress-serve": ("waitress",), "runserver": ("django",)}
"""Packages that bring a server, where one is not named like it."""
_ADDRESSES = {
    "gunicorn": "--bind 0.0.0.0:{port}",
    "uwsgi": "--http-socket 0.0.0.0:{port}",
    "daphne": "-b 0.0.0.0 -p {port}",
    "hypercorn": "--bind 0.0.0.0:{port}",
}


def judge_image(application: DjangoApplication, target: str) -> Iterator[CheckoutFinding]:
    """Yield what is found in the Dockerfile, and about the server."""
    if not application.dockerfile:
        yield find("no-dockerfile")
    elif application.recipe.stage(target) is None:
        yield find("no-stage", dockerfile=application.dockerfile)
    else:
        yield from _source(application)
        yield from _user(application)
        yield from _scripts(application)
        yield from _command(application)
        yield from _port(application)
        yield from _ignored(application)
    if target:
        yield find("stage", {"source": {"target": target}}, target=target)


def _source(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    recipe, stage = application.recipe, application.stage
    place = {"context": application.context} if application.context else {}
    file = {"dockerfile": application.dockerfile} if application.dockerfile != "Dockerfile" else {}
    if place or file:
        yield find("dockerfile-elsewhere", {"source": {**place, **file}})
    if recipe.unset:
        settings = {"source": {"build_args": dict.fromkeys(recipe.unset, UNGIVEN)}}
        yield find("base-unset", settings, names=", ".join(recipe.unset))
    elif stage.base:
        yield find("base-argument" if BASE_IMAGE in recipe.base_arguments else "base", base=stage.base)
    if stage.health:
        yield find("healthcheck")
    yield from (find("volume", path=path) for path in stage.volumes if path != DATA)


def _user(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    user = application.stage.user
    name = re.escape(user.partition(":")[0])
    made = re.search(rf"\b(?:useradd|adduser)\b[^\n&;]*(?<![\w-]){name}(?![\w-])", application.stage.runs)
    number = re.search(r"(?:--uid|-u)[\s=]+(\d+)", made[0]) if made else None
    if name in ("", "root", "0"):
        yield find("user-root")
    elif re.fullmatch(r"\d+(:\d+)?", user) or number:
        yield find("user-number", {"container": {"user": number[1] if number else user}}, user=user)
    else:
        yield find("user-named" if made else "user-unmade", user=user)


def _scripts(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    checkout, server, stage = application.checkout, application.server, application.stage
    for path in server.scripts:
        if "\r\n" in checkout.text(path):
            yield find("script-crlf", path=path)
        direct = basename(path) == basename(stage.started[0])
        if direct and path not in checkout.executable and "chmod" not in stage.runs:
            yield find("script-not-executable", path=path)
    if _MIGRATES.search(server.text):
        yield find("start-migrates")


def _command(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    server, stage = application.server, application.stage
    if not application.has_command:
        command = list(stage.command) or _served(application)
        yield find("no-command", {"container": {"command": command}})
    elif not server.name:
        yield find("no-server", shown=" ".join(stage.started)[:200])
    if not server.name:
        return
    if server.name == "runserver":
        yield find("runserver")
    if _keeps_signals(application):
        program = re.sub(r"^.*(&&|;)\s*", "", server.last.removeprefix("/bin/sh -c "))
        yield find("shell-keeps-signals", program=program)
    if server.name == "uwsgi" and "die-on-term" not in server.text:
        yield find("uwsgi-reloads")
    yield from _installed(application)


def _served(application: DjangoApplication) -> list[str]:
    """Return a command for an image without one."""
    module = next(iter(application.checkout.named("wsgi.py")), "shop/wsgi.py")
    inside = module.removeprefix(f"{dirname(application.manage_file)}/").removesuffix(".py")
    return ["gunicorn", "--bind", f"0.0.0.0:{application.port}", inside.replace("/", ".")]


def _keeps_signals(application: DjangoApplication) -> bool:
    """Whether a shell stays between the container's end and the server."""
    server = application.server
    if server.scripts:
        scripts = "\n".join(map(application.checkout.text, server.scripts))
        return re.search(r"^\s*exec\s", scripts, re.MULTILINE) is None
    in_a_shell = application.stage.started[:2] in _SHELLS
    return in_a_shell and re.search(r"&&|;|\|", server.last) is not None and "exec " not in server.last


def _installed(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    name, required = application.server.name, application.requirements
    wanted = _PACKAGES.get(name, (name,))
    by_hand = any(package in application.recipe.runs.lower() for package in wanted)
    if required and not by_hand and not required & set(wanted):
        yield find("not-required", server=name, package=wanted[0])


def _port(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    server, port, exposed = application.server, application.port, application.stage.ports
    rule = "port" if server.port or exposed else "port-unnamed"
    if server.protocol != "http" or server.loopback:
        rule = "port-loopback" if server.protocol == "http" else "port-protocol"
    other = ", ".join(map(str, exposed))
    yield find(
        rule,
        {"container_port": port},
        server=server.name,
        protocol=server.protocol,
        port=port,
        address=_ADDRESSES.get(server.name, "--host 0.0.0.0 --port {port}").format(port=port),
        unlike=f" (EXPOSE says {other})" if other and port not in exposed else "",
    )


def _ignored(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    """Yield what would be copied into the image and has no business there."""
    files = application.checkout.files
    patterns = "\n".join(text for path, text in files.items() if path.endswith(".dockerignore"))
    found = sorted(
        private[1] for path in files if (private := _PRIVATE.search(path)) and not _EXAMPLE.search(path)
    )
    left = [
        name
        for name in dict.fromkeys(found)
        if name not in patterns and f"*.{name.rpartition('.')[2]}" not in patterns
    ]
    if left and any(source == "." for source, _ in application.stage.copies):
        lines = "\n".join(f"**/{name}" for name in left)
        yield find("private-files", names=", ".join(left), lines=lines)
