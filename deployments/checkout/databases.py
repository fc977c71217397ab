"""Databases of a settings module, judged by whether their data outlives a task. Pure."""

import re
from collections.abc import Iterator, Mapping
from posixpath import basename, dirname, join, normpath, relpath
from typing import Any

from deployments.checkout.application import DATA, DATABASE, DjangoApplication
from deployments.checkout.model import CheckoutFinding
from deployments.checkout.values import ABOVE, CODE, UNKNOWN, FromVariable, OneOf, Unknown, options, texts

_SUBJECT = "database"
_DRIVERS = {
    "postgres": ("psycopg", "psycopg2", "psycopg2-binary", "psycopg-binary"),
    "mysql": ("mysqlclient", "pymysql", "mysql-connector-python"),
}
_SYSTEM = ("/", "/tmp", "/var", "/srv", "/opt", "/home", "/usr")  # noqa: S108 - named, not used
"""Folders that no volume may hide."""
_USABLE = re.compile(r"^/[^\s:,]*\Z")
_WAL = re.compile(r"journal_mode\s*=\s*['\"]?wal", re.IGNORECASE)
_LATER = "The survey of the first deployment tells it, before anything is migrated."


def judge_databases(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    """Yield what is found about each database."""
    found = application.settings.get("DATABASES")
    if not isinstance(found, dict | OneOf):
        text = f"DATABASES of {application.settings_module or 'the settings'} cannot be told. {_LATER}"
        yield CheckoutFinding("unknown", _SUBJECT, text)
        return
    tables = [table for table in options(found) if isinstance(table, dict)]
    if len(tables) < len(options(found)):
        yield CheckoutFinding("unknown", _SUBJECT, f"DATABASES is decided elsewhere. {_LATER}")
    aliases = dict.fromkeys(alias for table in tables for alias in table)
    for alias in aliases:
        entries = [item for table in tables if alias in table for item in _entries(table[alias])]
        yield _judge_all(application, str(alias), entries, alone=len(aliases) == 1)
    if any(_WAL.search(text) for _, text in texts(found)):
        text = (
            "Write-ahead logging needs shared memory, which EFS does not give: the database would be damaged."
        )
        yield CheckoutFinding(
            "change", _SUBJECT, text, code=('"init_command": "PRAGMA journal_mode=DELETE;"',)
        )


def _entries(entry: Any) -> Iterator[Any]:
    """Yield what an entry may be; unknown where its file is by one of several ways."""
    for item in options(entry):
        if isinstance(item, dict):
            for name in options(item.get("NAME", "")):
                several = isinstance(item.get("NAME"), OneOf) and isinstance(name, Unknown)
                yield UNKNOWN if several else {**item, "NAME": name}
        else:
            yield item


def _judge_all(
    application: DjangoApplication, alias: str, entries: list[Any], alone: bool
) -> CheckoutFinding:
    """Judge what a database may be; a variable decides before what holds without it."""
    known = [item for item in entries if not isinstance(item, Unknown)]
    chosen = [item for item in known if isinstance(item, FromVariable)] or known or entries
    found = [_judge(application, alias, item, alone) for item in chosen]
    if all(item == found[0] for item in found):
        return found[0]
    return CheckoutFinding("unknown", _SUBJECT, f"{' Or: '.join(item.text for item in found)} {_LATER}")


def _judge(application: DjangoApplication, alias: str, entry: Any, alone: bool) -> CheckoutFinding:
    if isinstance(entry, FromVariable):
        return _by_url(application, alias, entry)
    if not isinstance(entry, dict):
        return CheckoutFinding("unknown", _SUBJECT, f"Database {alias!r} cannot be told. {_LATER}")
    engine, name = entry.get("ENGINE"), entry.get("NAME", "")
    if isinstance(engine, FromVariable):
        engine = engine.default
    if not isinstance(engine, str):
        return CheckoutFinding("unknown", _SUBJECT, f"The engine of {alias!r} cannot be told. {_LATER}")
    if "sqlite" not in engine and "spatialite" not in engine:
        return _server(application, alias, engine)
    if isinstance(name, FromVariable):
        return _by_variable(alias, name)
    if isinstance(name, Unknown):
        return CheckoutFinding("unknown", _SUBJECT, f"The file of {alias!r} cannot be told. {_LATER}")
    return _file(application, alias, str(name), alone)


def _by_url(application: DjangoApplication, alias: str, entry: FromVariable) -> CheckoutFinding:
    drivers = {name for names in _DRIVERS.values() for name in names}
    otherwise = (
        "without it there is no database" if isinstance(entry.default, Unknown) else "else by its default"
    )
    if application.requirements.names & drivers:
        text = f"Database {alias!r} is a server's, by {entry.name}; {otherwise}. Its owner backs it up."
        return CheckoutFinding("configure", _SUBJECT, text, {"secret_keys": [entry.name], **_kept()})
    text = f"Database {alias!r} is where {entry.name} says; {otherwise}. No server's driver is required."
    return CheckoutFinding(
        "configure", _SUBJECT, text, {"variables": {entry.name: f"sqlite:///{DATABASE}"}, **_kept(DATABASE)}
    )


def _by_variable(alias: str, name: FromVariable) -> CheckoutFinding:
    if name.whole:
        text = f"The file of {alias!r} is what {name.name} says."
        return CheckoutFinding(
            "configure", _SUBJECT, text, {"variables": {name.name: DATABASE}, **_kept(DATABASE)}
        )
    file = join(DATA, basename(str(name.default)))
    if not _USABLE.match(file) or isinstance(name.default, Unknown):
        file = DATABASE
    text = f"The folder of {alias!r} seems to be what {name.name} says. {_LATER}"
    return CheckoutFinding("configure", _SUBJECT, text, {"variables": {name.name: DATA}, **_kept(file)})


def _server(application: DjangoApplication, alias: str, engine: str) -> CheckoutFinding:
    kind = "postgres" if "postgis" in engine else next((kind for kind in _DRIVERS if kind in engine), "")
    drivers = _DRIVERS.get(kind, ())
    required = application.requirements.names
    by_hand = any(name in application.recipe.runs for name in drivers)
    if drivers and required and not by_hand and not required & set(drivers):
        text = f"Database {alias!r} is {kind}'s, and no driver of it is required."
        return CheckoutFinding("change", _SUBJECT, text, _kept(), (drivers[0],))
    text = f"Database {alias!r} is a server's ({engine}): its owner backs it up, the pipeline does not."
    return CheckoutFinding("configure", _SUBJECT, text, _kept())


def _file(application: DjangoApplication, alias: str, name: str, alone: bool) -> CheckoutFinding:
    path = normpath(join(application.stage.folder, name)) if name else ""
    plain = re.sub(r"\W", "_", alias, flags=re.ASCII)
    variable = "DATABASE_PATH" if alias == "default" else f"{plain.upper()}_DATABASE_PATH"
    target = DATABASE if alias == "default" else f"{DATA}/{plain}.sqlite3"
    code = ("import os", f'DATABASES["{alias}"]["NAME"] = os.environ.get("{variable}") or "{target}"')
    if not name or ":memory:" in name:
        text = f"Database {alias!r} is in memory: all of it goes when a task ends."
        return CheckoutFinding("change", _SUBJECT, text, _kept(target), code)
    inside = relpath(path, CODE) if path.startswith(ABOVE) else ""
    real = _placed(application, inside) if inside else path
    folder = dirname(real)
    if real and not _USABLE.match(real):
        return CheckoutFinding(
            "change", _SUBJECT, f"The path of {alias!r} has blanks, colons or commas.", {}, code
        )
    if folder == DATA:
        return CheckoutFinding("configure", _SUBJECT, f"Database {alias!r} is {real}.", _kept(real))
    if alone and real and _holds_no_code(application, inside, folder):
        text = f"Database {alias!r} is {real}, in a folder of its own, where the data volume can be mounted."
        return CheckoutFinding("configure", _SUBJECT, text, {"data": {"path": folder, "databases": [real]}})
    near = inside or path.startswith(f"{application.stage.folder}/")
    where = "beside the code" if near else "inside the container"
    text = (
        f"Database {alias!r} is {inside or path}, {where}: every task would have its own, and data would go "
        "with it. Put it on the data volume, below DATABASES:"
    )
    return CheckoutFinding("change", _SUBJECT, text, _kept(target), code)


def _placed(application: DjangoApplication, inside: str) -> str:
    """Return where a path of the checkout, or above it, lies in the image; "" where that cannot be told."""
    top = dirname(application.place("any"))
    above = normpath(join(top, inside)) if top else ""
    return above if inside.startswith("..") else application.place(inside)


def _holds_no_code(application: DjangoApplication, inside: str, folder: str) -> bool:
    """Whether a volume can be mounted over the folder without hiding anything."""
    home = application.stage.folder
    if folder in _SYSTEM or folder == home or home.startswith(f"{folder}/"):
        return False
    below = f"{dirname(inside)}/" if inside else ""
    if inside and below == "/":
        return False
    places = (application.place(path) for path in application.checkout.python())
    return not any(place.startswith(f"{folder}/") for place in places)


def _kept(*paths: str) -> Mapping[str, Any]:
    return {"data": {"databases": list(paths)}}
