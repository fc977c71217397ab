"""Recorder of what the pipeline asks of AWS: Python loads it by itself where PYTHONPATH names this folder.

Each request becomes a line of JSON in the file that VIMBISO_CALLS names: service, operation, the parameters
that IAM looks at, and the files of the project that ask. What may be secret is not among those parameters.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import botocore

PROJECT = Path(__file__).resolve().parents[3]
FILE = os.environ.get("VIMBISO_CALLS")
KEPT = frozenset(
    (
        *(
            "AccessPointId",
            "AlarmNames",
            "Bucket",
            "CertificateArn",
            "FileSystemId",
            "Key",
            "LoadBalancerArn",
        ),
        *("MountTargetId", "Name", "Namespace", "QueueName", "QueueUrl", "ResourceId", "RoleArn", "RoleName"),
        *("ScalableDimension", "SecretId", "ServiceNamespace", "cluster", "family"),
        *("executionRoleArn", "logGroupName", "logStreamName", "repositoryName", "repositoryNames"),
        *("service", "serviceDeploymentArns", "services", "task", "taskDefinition", "taskRoleArn", "tasks"),
    )
)
"""Names of parameters; all are names of resources."""


def plain(params: dict[str, Any]) -> dict[str, Any]:
    """Return what IAM looks at, and nothing else."""
    kept = {
        name: value
        for name, value in params.items()
        if name in KEPT and isinstance(value, str | list | tuple)
    }
    if params.get("tags"):
        kept["tags"] = sorted(tag["key"] for tag in params["tags"])
    if "Delete" in params:
        kept["Key"] = [item["Key"] for item in params["Delete"]["Objects"]]
    source = params.get("CopySource")
    if source:
        kept["CopySource"] = source if isinstance(source, str) else f"{source['Bucket']}/{source['Key']}"
    return kept


def callers() -> list[str]:
    """Return the project's files on the stack, the innermost first; none in a thread of a package's own."""
    frame, own = sys._getframe(1), f"{PROJECT}{os.sep}"
    found: dict[str, None] = {}
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(own) and file != __file__ and "site-packages" not in file:
            found[file.removeprefix(own)] = None
        frame = frame.f_back  # type: ignore[assignment]
    return list(found)


def record(params: dict[str, Any], model: Any, **_: Any) -> None:
    """Append one request; lines of several processes do not mix, as each is written at once."""
    service = model.service_model.service_name
    call = {"service": service, "operation": model.name, "params": plain(params), "callers": callers()}
    with Path(str(FILE)).open("a", encoding="utf-8") as file:
        file.write(json.dumps(call) + "\n")


if FILE:
    # Before a request is built, so that what is only signed for others (presigned URLs) counts, too.
    botocore.register_initializer(lambda session: session.register("before-parameter-build", record))
