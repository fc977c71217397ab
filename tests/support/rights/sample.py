"""Sample of what the flows ask of AWS: a line for each kind of request, with names of outputs for values.

It is recorded from the flows' own tests, which carry each flow through its steps. To renew it::

    VIMBISO_CALLS=calls.jsonl PYTHONPATH=tests/support/recorder .venv/bin/pytest -n 0 tests/integration/flows
    PYTHONPATH=.:tests .venv/bin/python -m support.rights.sample calls.jsonl

``tests/e2e/test_worker_calls.py`` holds it against what flows on real containers ask.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from support.account import LOGS
from support.fake_ecs import CLUSTER, SERVICE
from support.rights.calls import Call, distinct, read_calls

FILE = Path(__file__).with_name("sample.jsonl")
# What the flows' tests name so, by the output that holds it.
_WORLD = {
    CLUSTER: "<cluster>",
    SERVICE: "<service>",
    LOGS: "<log_group>",
    "app": "<task_family>",
    "archive": "<log_archive_bucket>",
    "backups": "<backup_bucket>",
    "execution": "<execution_role>",
    "pay": "<repository_name>",
    "pay/staging": "<metrics_namespace>",
    "tasks": "<task_role>",
    r"arn:aws:acm:\S*": "<certificate_arn>",
    r"arn:aws:ecs:[^/]*:task-definition/app:\d+": "<task_family>:1",
    rf"arn:aws:ecs:[^/]*:task/{CLUSTER}/\w+": "0",
    r"arn:aws:iam::\d+:role/execution": "<execution_role_arn>",
    r"arn:aws:iam::\d+:role/tasks": "<task_role_arn>",
    r"arn:aws:secretsmanager:\S*:secret:pay/app-\w+": "<secret_arn>",
    r"ecs/app/\w+": "ecs/app/0",
    "/vimbiso-pay/staging/pipeline": "<outputs_parameter>",
    "vimbiso-pay-staging-terraform-state": "<state_bucket>",
}


_SERVICE = {"ServiceNamespace": "ecs", "ResourceId": "service/<cluster>/<service>"}
# What is asked only where there is what those tests' environment lacks: alarms, auto scaling, a network, a
# file system and signatures. Read in the code: pipeline/delivery/evidence.py, diagnosis, recovery/record.py
# and image/signature.py.
_ELSEWHERE = (
    Call("application-autoscaling", "DescribeScalingActivities", _SERVICE),
    Call("application-autoscaling", "DescribeScalingPolicies", _SERVICE),
    Call(
        "application-autoscaling",
        "RegisterScalableTarget",
        {**_SERVICE, "ScalableDimension": "ecs:service:DesiredCount"},
    ),
    Call("cloudwatch", "DescribeAlarms", {"AlarmNames": ["<app>-<environment>-latency"]}),
    Call("ec2", "DescribeNatGateways"),
    Call("ec2", "DescribeRouteTables"),
    Call("ec2", "DescribeSecurityGroups"),
    Call("ec2", "DescribeVpcEndpoints"),
    Call("ecs", "DescribeServiceDeployments", {"serviceDeploymentArns": ["<cluster>/<service>/1"]}),
    Call("ecs", "ListServiceDeployments", {"cluster": "<cluster>", "service": "<service>"}),
    Call("efs", "DescribeMountTargets", {"FileSystemId": "fs-0"}),
    Call("efs", "DescribeMountTargetSecurityGroups", {"MountTargetId": "fsmt-0"}),
    Call("elbv2", "DescribeListeners"),
    Call("kms", "DescribeKey", {"KeyId": "<signing_key_arn>"}),
    Call("kms", "Sign", {"KeyId": "<signing_key_arn>"}),
    Call("kms", "Verify", {"KeyId": "<signing_key_arn>"}),
)


def sample(known: Mapping[str, Any]) -> list[Call]:
    """Return the sample as the flows of an environment would ask, of which this is known."""
    roles = {name: known[f"{name}_arn"].rpartition("/")[2] for name in ("execution_role", "task_role")}
    values = {**known, **roles}
    return [Call(call.service, call.operation, _replace(call.params, values)) for call in general()]


def general() -> list[Call]:
    """Return every kind of request that is known, with names of outputs for values."""
    return [*read_calls(FILE), *_ELSEWHERE]


def _replace(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: _replace(item, values) for name, item in value.items()}
    if isinstance(value, list):
        return [_replace(item, values) for item in value]
    return re.sub(r"<(\w+)>", lambda found: str(values[found[1]]), value)


def template(call: Call) -> Call:
    """Return a call with names of outputs for values, and nothing that differs from run to run."""
    return Call(call.service, call.operation, {name: _general(name, it) for name, it in call.params.items()})


def _general(name: str, value: Any) -> Any:
    if isinstance(value, list | tuple):
        return sorted({_general(name, item) for item in value})
    if name == "Key":  # rights end at the bucket
        return f"{value.partition('/')[0]}/0"
    return next((new for old, new in _WORLD.items() if re.fullmatch(old, value)), value)


def kinds(calls: Iterable[Call]) -> Iterator[Call]:
    """Yield the worker's calls in general."""
    yield from (template(call) for call in calls if call.by_the_worker)


if __name__ == "__main__":
    found = distinct(kinds(read_calls(Path(sys.argv[1]))))
    FILE.write_text("".join(f"{call.line}\n" for call in found), encoding="utf-8")
