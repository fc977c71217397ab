"""The worker's role may do what the code calls, and nothing else."""

import re

from called_actions import called_actions
from terraform_command import ROOT

# Rights that no client of ours asks for by name.
INDIRECT = {
    "ecr:BatchCheckLayerAvailability": "docker push",
    "ecr:CompleteLayerUpload": "docker push",
    "ecr:GetDownloadUrlForLayer": "docker pull, for the cache of a build",
    "ecr:InitiateLayerUpload": "docker push",
    "ecr:PutImage": "docker push",
    "ecr:UploadLayerPart": "docker push",
    "ecs:TagResource": "RegisterTaskDefinition with tags",
    "iam:PassRole": "RegisterTaskDefinition and RunTask hand the roles on",
    "kms:Decrypt": "GetSecretValue and GetObject of what the key encrypts",
    "kms:GenerateDataKey": "PutSecretValue and PutObject with the key",
}


def granted_actions() -> set[str]:
    """Return every action that the worker's policy names."""
    files = sorted((ROOT / "modules/roles").glob("worker*.tf"))
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    lists = re.findall(r"Action\s*=\s*\[(.*?)\]", text, re.DOTALL)
    return {action for found in lists for action in re.findall(r'"([a-z0-9-]+:\w+\*?)"', found)}


def test_every_call_is_granted() -> None:
    """A call that the role does not allow would fail on real AWS only; add it to modules/roles/worker.tf."""
    missing = {action: files for action, files in called_actions().items() if action not in granted_actions()}
    assert missing == {}


def test_nothing_is_granted_that_is_not_called() -> None:
    """A right that nobody uses is one that only an intruder would."""
    assert granted_actions() - called_actions().keys() - INDIRECT.keys() == set()


def test_indirect_rights_are_still_granted() -> None:
    """The list of rights that clients use by themselves holds no leftover."""
    assert INDIRECT.keys() - granted_actions() == set()


def test_no_action_is_a_pattern() -> None:
    """Every right stands by its name."""
    assert [action for action in granted_actions() if "*" in action] == []
