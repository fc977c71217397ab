"""Dockerfile and server, judged by whether the application can be deployed. Pure."""

import re
from collections.abc import Iterator
from posixpath import basename, dirname

from deployments.checkout.application import DATA, PORT, DjangoApplication
from deployments.checkout.model import CheckoutFinding, Ruling
from deployments.checkout.values import texts

BASE_IMAGE = "BASE_IMAGE"
"""ARG that the local stack has an image for."""
UNGIVEN = "..."
"""Stands where a value is still to be given."""
_MIGRATES = re.compile(r"(?:manage\.py|django-admin|-m\s+django)\s+migrate\b")
_COLLECTS = re.compile(r"\bcollectstatic\b")
_LEFT_TO_THE_SHELL = re.compile(r"&&|;|\||\n")
_Finding = CheckoutFinding
_PACKAGES = {
    "uwsgi": ("uwsgi", "pyuwsgi"),
    "waitress-serve": ("waitress",),
    "runserver": ("django",),
}
"""Packages that bring a server, where one is not named like it."""
_ADDRESSES = {
    "gunicorn": "--bind 0.0.0.0:{port}",
    "uwsgi": "--http-socket 0.0.0.0:{port}",
    "daphne": "-b 0.0.0.0 -p {port}",
    "hypercorn": "--bind 0.0.0.0:{port}",
}


def judge_image(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    """Yield what is found in the Dockerfile, and about the server."""
    if not application.dockerfile:
        code = ("FROM python:3.12-slim", "WORKDIR /app", "COPY . .", "RUN pip install -r requirements.txt")
        text = "There is no Dockerfile, so nothing can be built."
        yield _Finding("change", "image", text, code=(*code, 'CMD ["gunicorn", "shop.wsgi"]'))
        return
    if application.recipe.stage is None:
        text = f"{application.dockerfile} has no FROM, or no stage of that name."
        yield _Finding("change", "image", text, code=("FROM python:3.12-slim",))
        return
    yield from _source(application)
    yield from _user(application)
    yield from _scripts(application)
    yield from _command(application)
    yield from _port(application)


def _source(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    recipe, stage = application.recipe, application.stage
    place = {"context": application.context} if application.context else {}
    file = {"dockerfile": application.dockerfile} if application.dockerfile != "Dockerfile" else {}
    if place or file:
        yield _Finding("configure", "image", "The Dockerfile lies elsewhere.", {"source": {**place, **file}})
    arguments = dict.fromkeys(recipe.unset, UNGIVEN)
    if arguments:
        text = (
            f"Its base image is chosen by {', '.join(arguments)}, without a default: give one in build_args."
        )
        yield _Finding("configure", "image", text, {"source": {"build_args": arguments}})
    elif BASE_IMAGE in recipe.base_arguments:
        settings = {"source": {"build_args": {BASE_IMAGE: UNGIVEN}}}
        yield _Finding(
            "fits", "image", f"Built on {stage.base}, unless {BASE_IMAGE} says otherwise.", settings
        )
    elif stage.base:
        yield _Finding("fits", "image", f"Built on {stage.base}.")
    if stage.health:
        yield _Finding("fits", "image", "ECS ignores HEALTHCHECK; the pipeline's own check asks health_path.")
    for volume in (volume for volume in stage.volumes if volume != DATA):
        text = f"VOLUME {volume} outlives no task; what must, needs the data volume or one in `volumes`."
        yield _Finding("unknown", "image", text)


def _user(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    user = application.stage.user
    name = user.partition(":")[0]
    runs = "\n".join(application.stage.runs)
    made = re.search(rf"\b(?:useradd|adduser)\b[^\n&;]*(?<![\w-]){re.escape(name)}(?![\w-])", runs)
    number = re.search(r"(?:--uid|-u)[\s=]+(\d+)", made[0]) if made else None
    if name in ("", "root", "0"):
        text = "Runs as root, unless its base image says otherwise; `USER 10001:10001` is safer."
        yield _Finding("fits", "user", text)
    elif re.fullmatch(r"\d+(:\d+)?", user) or number:
        settings = {"container": {"user": number[1] if number else user}}
        yield _Finding("configure", "user", f"Runs as {user}, who is to own the data volume.", settings)
    elif made:
        text = f"Runs as {user}: give it a number (useradd --uid) and set it, as the data volume's owner."
        yield _Finding("unknown", "user", text)
    else:
        text = f"USER {user} is not made in the Dockerfile. The deployment tells whether its base knows it."
        yield _Finding("unknown", "user", text)


def _scripts(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    checkout, server = application.checkout, application.server
    for path in server.scripts:
        if "\r\n" in checkout.text(path):
            code = (f"sed -i 's/\\r$//' {path}", "echo '*.sh text eol=lf' >> .gitattributes")
            text = f"{path} has carriage returns (CRLF): the image cannot start it."
            yield _Finding("change", "start", text, code=code)
        direct = basename(path) in {basename(word) for word in application.stage.started[:1]}
        chmod = "chmod" in "\n".join(application.stage.runs)
        if direct and path not in checkout.executable and not chmod:
            text = f"{path} is started and not executable."
            yield _Finding("change", "start", text, code=(f"git update-index --chmod=+x {path}",))
    if _MIGRATES.search(server.text):
        text = (
            "Its start runs `migrate`: two tasks that start at once would migrate one database. So the "
            "pipeline migrates nothing, and one task starts alone first. Or take `migrate` out of the start."
        )
        yield _Finding("configure", "migrations", text, {"django": {"migrated_by": "application"}})


def _command(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    server, stage = application.server, application.stage
    if application.recipe.stage and not application.recipe.stage.started:
        yield _commanded(application)
        if not stage.started:
            return
    if not server.name:
        shown = " ".join(stage.started)[:200]
        text = f"No known server in {shown!r}; where a compose file has the command, set `command`."
        yield _Finding("unknown", "start", text)
        return
    if server.name == "runserver":
        text = "runserver is Django's server for development."
        yield _Finding("change", "start", text, code=('CMD ["gunicorn", "shop.wsgi"]',))
    if _keeps_signals(application):
        text = "A shell starts the server and keeps SIGTERM from it: each stop waits, then kills it."
        program = re.sub(r"^.*(&&|;)\s*", "", server.last.removeprefix("/bin/sh -c "))
        yield _Finding("change", "start", text, code=(f"exec {program}",))
    if server.name == "uwsgi" and "die-on-term" not in server.text:
        text = "uWSGI takes SIGTERM for a reload: each stop waits, then kills it."
        yield _Finding("change", "start", text, code=("die-on-term = true",))
    yield from _installed(application)


def _commanded(application: DjangoApplication) -> CheckoutFinding:
    """Return the command that an image without one needs."""
    module = next(iter(application.checkout.named("wsgi.py")), "shop/wsgi.py")
    package = (
        module.removeprefix(f"{dirname(application.manage_file)}/").removesuffix(".py").replace("/", ".")
    )
    served = ["gunicorn", "--bind", f"0.0.0.0:{application.port}", package]
    text = "The image has no command of its own, unless its base image has."
    return _Finding(
        "configure", "start", text, {"container": {"command": list(application.stage.command) or served}}
    )


def _keeps_signals(application: DjangoApplication) -> bool:
    """Whether a shell stays between the container's end and the server."""
    server, started = application.server, application.stage.started
    scripts = "\n".join(application.checkout.text(path) for path in server.scripts)
    if server.scripts:
        return re.search(r"^\s*exec\s", scripts, re.MULTILINE) is None
    in_a_shell = started[:2] in (("/bin/sh", "-c"), ("sh", "-c"), ("bash", "-c"))
    return in_a_shell and _LEFT_TO_THE_SHELL.search(server.last) is not None and "exec " not in server.last


def _installed(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    name, required = application.server.name, application.requirements
    wanted = _PACKAGES.get(name, (name,))
    by_hand = any(package in application.recipe.runs.lower() for package in wanted)
    if required.names and not by_hand and not required.names & set(wanted):
        text = f"The container starts {name}, which is in no file of requirements."
        yield _Finding("change", "requirements", text, code=(wanted[0],))
    for conflict in required.conflicts:
        yield _Finding("change", "requirements", f"They conflict: {conflict}.")
    for place in required.unread[:5]:
        yield _Finding("unknown", "requirements", f"Not understood, the build tells more: {place!r}.")


def _port(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    server, port = application.server, application.port
    wanted = _ADDRESSES.get(server.name, "--host 0.0.0.0 --port {port}").format(port=port)
    ruling: Ruling = "change" if server.protocol != "http" or server.loopback else "configure"
    if server.protocol != "http":
        text = f"{server.name} listens for {server.protocol}, and nothing translates HTTP for it."
    elif server.loopback:
        text = f"{server.name} listens on the loopback address, where no load balancer reaches it."
    elif server.port or application.stage.ports:
        other = ", ".join(map(str, application.stage.ports))
        unlike = f" (EXPOSE says {other})" if other and port not in application.stage.ports else ""
        text = f"The server listens on {port}{unlike}."
    else:
        ruling, text = "unknown", f"No port is named; {PORT} is taken, and PORT set to it."
    code = (f"{server.name} {wanted}",) if ruling == "change" else ()
    yield _Finding(ruling, "port", text, {"container_port": port}, code)


def judge_static(application: DjangoApplication) -> CheckoutFinding | None:
    """Return what is found about static files; None where there are none."""
    settings = application.settings
    named = (settings.get("STORAGES"), settings.get("STATICFILES_STORAGE"))
    stored = " ".join(text.lower() for value in named for _, text in texts(value))
    if _COLLECTS.search("\n".join([*application.stage.runs, application.server.text])):
        return _Finding("fits", "static files", "They are collected in the image, or when it starts.")
    if any(word in stored for word in ("s3", "gcloud", "azure")):
        command = [*application.manage, "collectstatic", "--noinput"]
        return _Finding(
            "configure", "static files", "They lie in a store.", {"django": {"collect_static": command}}
        )
    if "STATIC_ROOT" not in settings:
        return None
    code = (f"RUN {' '.join(application.manage)} collectstatic --noinput",)
    return _Finding("change", "static files", "Nothing collects them (STATIC_ROOT).", code=code)
