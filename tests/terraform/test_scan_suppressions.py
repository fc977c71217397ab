"""The static scan (terraform/scan) is silenced line by line, never wholesale, and each time for a reason."""

import re

from terraform_command import ROOT

SUPPRESSIONS = [
    (path.relative_to(ROOT), match)
    for path in sorted(ROOT.rglob("*.tf"))
    for match in re.findall(r"#\s*checkov:skip=([^\n]*)", path.read_text(encoding="utf-8"))
]


def test_every_suppression_has_a_reason() -> None:
    """A check is silenced by its id and a sentence."""
    pattern = re.compile(r"CKV2?_AWS_\d+:(\S+ ){4,}\S+")
    assert SUPPRESSIONS
    assert [found for found in SUPPRESSIONS if not pattern.fullmatch(found[1])] == []


def test_nothing_is_silenced_for_the_whole_scan() -> None:
    """Neither the command nor a configuration file skips a check everywhere."""
    assert "--skip-check" not in (ROOT / "scan").read_text(encoding="utf-8")
    assert not list(ROOT.glob(".checkov*"))


def test_one_version_is_scanned_with() -> None:
    """The scanner and everything it needs are pinned by hash."""
    lock = (ROOT / "scan.lock").read_text(encoding="utf-8")
    assert re.search(r"^checkov==[\d.]+ \\$", lock, re.MULTILINE)
    assert lock.count("--hash=sha256:") > lock.count("==")
