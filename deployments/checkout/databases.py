"""Databases of a settings module, judged by whether their data outlives a task. Pure."""

import re
from collections.abc import Iterator
from posixpath import basename, dirname, join, normpath, relpath
from typing import Any

from deployments.checkout.application import DATA, DATABASE, DjangoApplication
from deployments.checkout.model import CheckoutFinding, find
from deployments.checkout.values import ABOVE, CODE, UNKNOWN, Open, options, texts

_DRIVERS = {
    "postgres": ("psycopg", "psycopg2", "psycopg2-binary", "psycopg-binary"),
    "mysql": ("mysqlclient", "pymysql", "mysql-connector-python"),
}
_SYSTEM = ("/", "/tmp", "/var", "/srv", "/opt", "/home", "/usr")  # noqa: S108 - named, not used
"""Folders that no volume may hide."""
_USABLE = re.compile(r"^/[^\s:,]*\Z")
_WAL = re.compile(r"journal_mode\s*=\s*['\"]?wal", re.IGNORECASE)


def judge_databases(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    """Yield what is found about each database."""
    found = application.settings.get("DATABASES")
    tables = [table for table in options(found) if isinstance(table, dict)]
    if len(tables) < len(options(found)):
        yield find("database-unknown", what=f"DATABASES of {application.settings_module or 'the settings'}")
    aliases = dict.fromkeys(alias for table in tables for alias in table)
    for alias in aliases:
        entries = [item for table in tables if alias in table for item in _entries(table[alias])]
        yield _judge_all(application, str(alias), entries, alone=len(aliases) == 1)
    if any(_WAL.search(text) for _, text in texts(found)):
        yield find("write-ahead-log")


def _entries(entry: Any) -> Iterator[Any]:
    """Yield what an entry may be, each with one file; unknown where the file is by one of several ways."""
    for item in options(entry):
        names = options(item.get("NAME", "")) if isinstance(item, dict) else ()
        if not names:
            yield item
        for name in names:
            yield UNKNOWN if len(names) > 1 and name == UNKNOWN else {**item, "NAME": name}


def _judge_all(
    application: DjangoApplication, alias: str, entries: list[Any], alone: bool
) -> CheckoutFinding:
    """Judge what a database may be; a variable decides before what holds without it."""
    known = [item for item in entries if item != UNKNOWN]
    chosen = [item for item in known if isinstance(item, Open)] or known or entries
    found = [_judge(application, alias, item, alone) for item in chosen]
    if all(item == found[0] for item in found):
        return found[0]
    return find("database-several", texts=" Or: ".join(item.text for item in found))


def _judge(application: DjangoApplication, alias: str, entry: Any, alone: bool) -> CheckoutFinding:
    if isinstance(entry, Open) and entry.variable:
        return _by_url(application, alias, entry)
    if not isinstance(entry, dict):
        return find("database-unknown", what=f"Database {alias!r}")
    engine, name = entry.get("ENGINE"), entry.get("NAME", "")
    engine = engine.default if isinstance(engine, Open) else engine
    if not isinstance(engine, str):
        return find("database-unknown", what=f"The engine of {alias!r}")
    if "sqlite" not in engine and "spatialite" not in engine:
        return _server(application, alias, engine)
    if name == UNKNOWN:
        return find("database-unknown", what=f"The file of {alias!r}")
    return (
        _by_variable(alias, name) if isinstance(name, Open) else _file(application, alias, str(name), alone)
    )


def _by_url(application: DjangoApplication, alias: str, entry: Open) -> CheckoutFinding:
    otherwise = "without it there is no database" if entry.default == UNKNOWN else "else by its default"
    words: dict[str, Any] = {"alias": alias, "variable": entry.variable, "otherwise": otherwise}
    if application.requirements & {name for names in _DRIVERS.values() for name in names}:
        return find("database-by-url", {"secret_keys": [entry.variable], **_kept()}, **words)
    variables = {entry.variable: f"sqlite:///{DATABASE}"}
    return find("database-by-sqlite-url", {"variables": variables, **_kept(DATABASE)}, **words)


def _by_variable(alias: str, name: Open) -> CheckoutFinding:
    if name.whole:
        rule, value, file = "database-by-file", DATABASE, DATABASE
    else:
        rule, value, file = "database-by-folder", DATA, join(DATA, basename(str(name.default)))
    kept = _kept(file if _USABLE.match(file) and name.default != UNKNOWN else DATABASE)
    return find(rule, {"variables": {name.variable: value}, **kept}, alias=alias, variable=name.variable)


def _server(application: DjangoApplication, alias: str, engine: str) -> CheckoutFinding:
    kind = "postgres" if "postgis" in engine else next((kind for kind in _DRIVERS if kind in engine), "")
    drivers = _DRIVERS.get(kind, ())
    required = application.requirements
    by_hand = any(name in application.recipe.runs for name in drivers)
    if drivers and required and not by_hand and not required & set(drivers):
        return find("no-driver", _kept(), alias=alias, kind=kind, driver=drivers[0])
    return find("database-of-server", _kept(), alias=alias, engine=engine)


def _file(application: DjangoApplication, alias: str, name: str, alone: bool) -> CheckoutFinding:
    path = normpath(join(application.stage.folder, name))
    inside = relpath(path, CODE) if path.startswith(ABOVE) else ""
    real = _placed(application, inside) if inside else path
    plain, main = re.sub(r"\W", "_", alias, flags=re.ASCII), alias == "default"
    words: dict[str, Any] = {
        "alias": alias,
        "variable": "DATABASE_PATH" if main else f"{plain.upper()}_DATABASE_PATH",
        "target": DATABASE if main else f"{DATA}/{plain}.sqlite3",
    }
    if not name or ":memory:" in name:
        return find("database-in-memory", _kept(words["target"]), **words)
    if real and not _USABLE.match(real):
        return find("database-path", **words)
    if dirname(real) == DATA:
        return find("database-on-volume", _kept(real), alias=alias, file=real)
    if alone and real and _holds_no_code(application, inside, dirname(real)):
        settings = {"data": {"path": dirname(real), "databases": [real]}}
        return find("database-in-folder", settings, alias=alias, file=real)
    near = inside or path.startswith(f"{application.stage.folder}/")
    where = "beside the code" if near else "inside the container"
    return find("database-lost", _kept(words["target"]), file=inside or path, where=where, **words)


def _placed(application: DjangoApplication, inside: str) -> str:
    """Return where a path of the checkout, or above it, lies in the image; "" where that cannot be told."""
    top = dirname(application.place("any"))
    above = normpath(join(top, inside)) if top else ""
    return above if inside.startswith("..") else application.place(inside)


def _holds_no_code(application: DjangoApplication, inside: str, folder: str) -> bool:
    """Whether a volume can be mounted over the folder without hiding anything."""
    if folder in _SYSTEM or f"{application.stage.folder}/".startswith(f"{folder}/"):
        return False
    places = (application.place(path) for path in application.checkout.python())
    return not (inside and not dirname(inside)) and not any(
        place.startswith(f"{folder}/") for place in places
    )


def _kept(*paths: str) -> dict[str, Any]:
    return {"data": {"databases": list(paths)}}
