"""Diagnoses of services that are broken for real, with real containers."""

import json

import pytest
from diagnosis_site import PORT, Site, open_port, site
from ecs_emulator import lab
from support.secret_keys import SECRET_KEYS

from pipeline.diagnosis.diagnosis import Diagnosis
from pipeline.diagnosis.model import Fault
from pipeline.preflight.model import CheckStatus

pytestmark = pytest.mark.docker
__all__ = ["lab", "site"]

SERVES = (
    "/busybox mkdir -p /www/health; echo '{}' > /www/health/index.html; "
    f"/busybox httpd -p {PORT} -h /www; trap 'exit 0' TERM; while :; do /busybox sleep 0.2; done"
)
CRASHES = "/busybox echo 'KeyError: DATABASE_URL'; exit 3"


def first(found: Diagnosis) -> Fault | None:
    """Return the likeliest cause."""
    return found.causes[0].fault if found.causes else None


def test_a_security_group_rule_that_was_removed_comes_first(site: Site) -> None:
    """A healthy service has no fault before the rule goes; then the rule is named."""
    web = site.serve(SERVES)
    well = web.settled(lambda found: found.steady and not found.causes)
    assert well.causes == ()
    told = {item.subject: item.status for item in well.findings}
    assert told[f"tasks to file system {site.file_system}, 2049"] is CheckStatus.OK
    assert (
        told["tasks to endpoint ecr.dkr, 443"] is CheckStatus.SKIP
    )  # the emulator tells no groups of endpoints
    ec2 = site.client("ec2")
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [site.tasks_group]}])
    inbound = [
        item["SecurityGroupRuleId"]
        for item in rules["SecurityGroupRules"]
        if not item["IsEgress"] and item["FromPort"] == PORT
    ]
    ec2.revoke_security_group_ingress(GroupId=site.tasks_group, SecurityGroupRuleIds=inbound)
    try:
        found = web.diagnosis()
        assert first(found) is Fault.TASK_FIREWALL
        assert site.balancer_group in found.headline
    finally:
        open_port(ec2, site.tasks_group, PORT, UserIdGroupPairs=[{"GroupId": site.balancer_group}])


def test_a_secret_without_a_value_comes_first(site: Site) -> None:
    """The key that lacks is named, its value and the others' are not."""
    web, secrets = site.serve(SERVES), site.client("secretsmanager")
    kept = dict.fromkeys(SECRET_KEYS, "made up")
    lacking = {key: value for key, value in kept.items() if key != "DJANGO_SECRET"}
    secrets.put_secret_value(SecretId=site.outputs.secret_arn, SecretString=json.dumps(lacking))
    try:
        found = web.diagnosis()
    finally:
        secrets.put_secret_value(SecretId=site.outputs.secret_arn, SecretString=json.dumps(kept))
    assert first(found) is Fault.SECRET_MISSING
    assert "DJANGO_SECRET" in found.headline
    assert "made up" not in str(found)


def test_a_crash_is_explained_by_its_log(site: Site) -> None:
    """The exit code and the last error line stand beside the cause."""
    web = site.serve(CRASHES)

    def ended(found: Diagnosis) -> bool:
        """Whether a task is told as stopped, and why; a starting task's log alone names no cause."""
        told = " ".join(item.reason for item in found.findings)
        return "exited with 3" in told and "KeyError" in told

    found = web.settled(ended)
    assert first(found) is Fault.APPLICATION_EXITS
    reasons = [item.reason for item in found.causes[0].evidence]
    assert any("exited with 3" in reason for reason in reasons), reasons
    assert "KeyError: DATABASE_URL" in reasons


def test_a_missing_image_comes_first(site: Site) -> None:
    """The registry says so, whatever words the container engine has for it."""
    web = site.serve(SERVES, site.lab.image.replace(site.lab.digest, f"sha256:{'0' * 64}"))
    found = web.settled(
        lambda found: any(
            item.topic == "stopped tasks" and item.status is CheckStatus.NG for item in found.findings
        )
    )
    assert first(found) is Fault.IMAGE_MISSING
    kinds = {item.fault for item in found.findings if item.topic == "stopped tasks"}
    assert kinds == {Fault.IMAGE_MISSING}
