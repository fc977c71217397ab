"""Tells where the databases are, what Django's checks say and which migrations are pending, in lines of JSON.

Made for Django's ``shell -c``, on any version since 3.2. It reads only.
"""
# Django is in the application's image, not beside the pipeline:
# mypy: ignore-errors

import json
import traceback
from pathlib import Path

from django.core import checks
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader


def mount_of(path):
    """Return where the volume is mounted that holds the path."""
    points = {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    return next(str(place) for place in (path, *path.parents) if str(place) in {*points, "/"})


def place(database):
    """Return where a database keeps its data."""
    name = str(database.settings_dict.get("NAME") or "")
    facts = {"alias": database.alias, "vendor": database.vendor}
    if database.vendor != "sqlite" or ":memory:" in name or "mode=memory" in name:
        return facts
    file = name[5:].partition("?")[0] if name.startswith("file:") else name
    path = Path(file).resolve()
    exists = path.is_file() and path.stat().st_size > 0
    return {**facts, "path": str(path), "mount": mount_of(path), "exists": exists}


def flat(operations):
    """Return what touches the database, also inside SeparateDatabaseAndState."""
    for operation in operations:
        if hasattr(operation, "database_operations"):
            yield from flat(operation.database_operations)
        else:
            yield operation


def kind(operation):
    """Return the name of Django's own class, for subclasses too."""
    known = (item for item in type(operation).__mro__ if item.__module__.startswith("django."))
    return next(known, type(operation)).__name__


def required(operation):
    """Whether it adds a column that code which does not know it fails to fill in: NOT NULL, no default."""
    field = getattr(operation, "field", None)
    if kind(operation) != "AddField" or field is None or field.many_to_many or field.null:
        return False
    if getattr(field, "generated", False):  # Django 5.0 and newer
        return False
    fallback = getattr(field, "db_default", None)  # likewise; without one it is the class NOT_PROVIDED
    return fallback is None or isinstance(fallback, type)


def tell(migration, operations):
    """Print one migration."""
    facts = [
        {
            "kind": kind(item),
            "what": item.describe()[:200],
            "reversible": bool(item.reversible),
            "required": required(item),
        }
        for item in flat(operations)
    ]
    marker = getattr(migration, "irreversible", None)
    line = {"app": migration.app_label, "name": migration.name, "marker": marker, "operations": facts}
    print("VIMBISO-MIGRATION " + json.dumps(line), flush=True)


def cause_of(error):
    """Return an exception in a line, with the place in the application's own code."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if f.filename.startswith(str(Path.cwd())) and "site-packages" not in f.filename]
    place = " (%s, line %d)" % (own[-1].filename, own[-1].lineno) if own else ""  # noqa: UP031
    return f"{type(error).__name__}: {error}{place}"


def tell_checks():
    """Print what ``check --deploy`` finds; looking loads the application's addresses and their views."""
    for item in checks.run_checks(include_deployment_checks=True):
        if not item.is_silenced() and item.level >= checks.WARNING:
            facts = {"id": item.id or "", "text": str(item.msg)[:300], "about": str(item.obj or "")[:100]}
            print("VIMBISO-CHECK " + json.dumps({**facts, "serious": item.is_serious()}), flush=True)


def tell_known():
    """Print the names of all migrations that the release has, a line for each app."""
    names = {}
    for app, name in sorted(MigrationLoader(None).disk_migrations):
        names.setdefault(app, []).append(name)
    for app in names:
        print("VIMBISO-KNOWN " + json.dumps({"app": app, "names": names[app]}), flush=True)


def tell_pending():
    """Print the pending migrations of the main database; return how many."""
    executor = MigrationExecutor(connection)
    loader = executor.loader
    loader.check_consistent_history(connection)
    pending = [migration for migration, _ in executor.migration_plan(loader.graph.leaf_nodes())]
    for migration in pending:
        tell(migration, migration.operations)
    # Squashed, the parts all applied: `migrate` notes it, which must happen before the parts are removed.
    applied = set(executor.recorder.applied_migrations())
    noted = [
        migration
        for key, migration in loader.replacements.items()
        if key not in applied and all(part in applied for part in migration.replaces)
    ]
    for migration in noted:
        tell(migration, [])
    return len(pending) + len(noted)


# Before anything connects: SQLite makes a file that is not there.
for alias in connections:
    print("VIMBISO-DATABASE " + json.dumps(place(connections[alias])), flush=True)
try:
    tell_checks()
except Exception as error:  # noqa: BLE001 - told, as what visitors would meet
    print("VIMBISO-BROKEN " + json.dumps(cause_of(error)), flush=True)
try:
    tell_known()
    count = tell_pending() if connection.vendor != "unknown" else 0  # Django's word for no database
except Exception as error:  # noqa: BLE001 - told, and judged after the databases' places
    print("VIMBISO-UNREADABLE " + json.dumps(f"{type(error).__name__}: {error}"), flush=True)
else:
    print("VIMBISO-MIGRATIONS %d" % count, flush=True)  # noqa: UP031 - short, as RunTask wants
