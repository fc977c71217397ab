"""Publishes backup metrics; the alarm on BackupAgeHours is declared in Terraform."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from pipeline.aws.errors import calling
from pipeline.live import LiveEnvironment
from pipeline.sqlite.catalogue import list_backups
from pipeline.sqlite.drill import Drill
from pipeline.sqlite.model import Manifest

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.literals import StandardUnitType
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef

AGE = "BackupAgeHours"


def publish_age(live: LiveEnvironment, now: datetime) -> float | None:
    """Publish and return the newest counting backup's age in hours; None (nothing published) without one.

    The alarm treats missing data as breaching, so that silence is noticed as well.
    """
    newest = next((item for item in list_backups(live) if item.counts), None)
    if newest is None:
        return None
    hours = max((now - newest.at).total_seconds(), 0.0) / 3600
    _publish(live, {AGE: (hours, "None")})
    return hours


def publish_backup(live: LiveEnvironment, manifest: Manifest) -> None:
    """Publish size, duration and lock time of a backup."""
    _publish(
        live,
        {
            "BackupSeconds": (manifest.task_seconds, "Seconds"),
            "BackupLockSeconds": (manifest.lock_seconds, "Seconds"),
            "BackupBytes": (float(manifest.compressed_bytes), "Bytes"),
            "DatabaseBytes": (float(manifest.bytes), "Bytes"),
        },
    )


def publish_drill(live: LiveEnvironment, drill: Drill) -> None:
    """Publish the recovery time and the recovery point of a drill."""
    _publish(
        live, {"RecoverySeconds": (drill.rto, "Seconds"), "RecoveryPointSeconds": (drill.rpo, "Seconds")}
    )


def _publish(live: LiveEnvironment, values: Mapping[str, "tuple[float, StandardUnitType]"]) -> None:
    namespace = live.outputs.metrics_namespace
    data: list[MetricDatumTypeDef] = [
        {"MetricName": name, "Value": value, "Unit": unit} for name, (value, unit) in values.items()
    ]
    with calling(f"Publishing {', '.join(values)} to CloudWatch namespace {namespace}"):
        live.access.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data)
