"""What a release does to the database's schema, and whether an older release can go back across it."""

from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from pipeline.clock import utc_now
from pipeline.live import LiveEnvironment
from pipeline.migrations.judge import irreversible
from pipeline.migrations.model import Migration
from pipeline.release.crossing import crossed
from pipeline.release.model import ReleaseRecord, SchemaChange
from tasks.support import retried_step


@retried_step
def note_migrations(
    live: LiveEnvironment,
    release: str,
    task_definition: str,
    pending: tuple[Migration, ...],
    backup: str,
) -> SchemaChange:
    """Write down which migrations are about to run, and which of them have no way back."""
    change = SchemaChange(
        release=release,
        task_definition=task_definition,
        at=utc_now(),
        migrations=tuple(item.label for item in pending),
        irreversible=irreversible(pending),
        backup=backup,
        flow_run=str(flow_run.id or ""),
    )
    live.schema.write(change)
    if change.irreversible:
        get_run_logger().warning(
            "%s irreversible: no automatic rollback from here on without a person's decision",
            ", ".join(change.irreversible),
        )
    return change


@retried_step
def correct_migrations(
    live: LiveEnvironment, change: SchemaChange, left: tuple[Migration, ...]
) -> SchemaChange:
    """Write down what did run, after a failure that left some of the migrations pending."""
    pending = {item.label for item in left}
    ran = change.model_copy(
        update={
            "migrations": tuple(label for label in change.migrations if label not in pending),
            "irreversible": {key: why for key, why in change.irreversible.items() if key not in pending},
        }
    )
    live.schema.write(ran)
    get_run_logger().warning(
        "%d of %d migrations ran: %s", len(ran.migrations), len(change.migrations), ", ".join(ran.migrations)
    )
    return ran


@retried_step
def find_crossed(live: LiveEnvironment, chosen: ReleaseRecord) -> tuple[SchemaChange, ...]:
    """Find the irreversible migrations that ran since the chosen release was last seen to run well."""
    log = live.schema
    return crossed(log.since(chosen.started_at), chosen)


@retried_step
def find_own(live: LiveEnvironment, task_definition: str) -> tuple[SchemaChange, ...]:
    """Find the irreversible migrations that ran for this very release."""
    found = live.schema.of(task_definition)
    return tuple(item for item in found if item.irreversible)
