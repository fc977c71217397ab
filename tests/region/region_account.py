"""The smaller services of the region: registry, logs, alarms, secrets and who asks."""
# ruff: noqa: N803 - boto3's spelling

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from region_application import Application
from region_clock import Clock
from support.answering import Refusal

_IMAGE = "application/vnd.oci.image.manifest.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass
class Pushed:
    """One image in the repository."""

    digest: str
    tags: list[str]
    at: datetime
    findings: tuple[str, ...]
    children: tuple[str, ...]
    scanned: float
    """When its scan is done, in virtual seconds."""


@dataclass
class Registry:
    """ECR with one repository that scans on push.

    Basic scanning scans images, never an index (Amazon ECR user guide, "Scan images for software
    vulnerabilities"): of one there is no scan, ever; its children have theirs.
    """

    clock: Clock
    application: Application
    scan_seconds: tuple[float, float] = (10, 25)
    images: dict[str, Pushed] = field(default_factory=dict)

    def push(
        self, tag: str, digest: str, findings: tuple[str, ...] = (), children: tuple[str, ...] = ()
    ) -> None:
        """Push an image, or an index of images that are there."""
        for other in self.images.values():
            other.tags = [item for item in other.tags if item != tag]
        done = self.clock.seconds + self.clock.random.uniform(*self.scan_seconds)
        tags = [tag] if tag else []
        self.images[digest] = Pushed(digest, tags, self.clock.now(), findings, children, done)
        self.application.gone.discard(digest)

    def describe_images(
        self, *, repositoryName: str, imageIds: Sequence[dict[str, str]] = (), **_: Any
    ) -> dict[str, Any]:
        """Return the wanted images, or all."""
        if not imageIds:
            return {"imageDetails": [self._detail(item) for item in self.images.values()]}
        found = [self._find(item) for item in imageIds]
        if None in found:
            raise Refusal(
                "ImageNotFoundException", "The image requested does not exist in the specified repository"
            )
        return {"imageDetails": [self._detail(item) for item in found if item]}

    def list_images(self, *, repositoryName: str, **_: Any) -> dict[str, Any]:
        """Return every digest."""
        return {"imageIds": [{"imageDigest": digest} for digest in self.images]}

    def batch_get_image(
        self, *, repositoryName: str, imageIds: Sequence[dict[str, str]], **_: Any
    ) -> dict[str, Any]:
        """Return manifests."""
        found = [item for wanted in imageIds if (item := self._find(wanted))]
        return {"images": [{"imageId": {"imageDigest": item.digest}, **_manifest(item)} for item in found]}

    def batch_delete_image(
        self, *, repositoryName: str, imageIds: Sequence[dict[str, str]]
    ) -> dict[str, Any]:
        """Delete images; what an index names stays."""
        named = {child for item in self.images.values() for child in item.children}
        gone, failures = [], []
        for wanted in imageIds:
            digest = wanted["imageDigest"]
            if digest in named:
                code = "ImageReferencedByManifestList"
                failures.append({"imageId": wanted, "failureCode": code, "failureReason": "it is named"})
            elif self.images.pop(digest, None):
                self.application.gone.add(digest)
                gone.append(wanted)
        return {"imageIds": gone, "failures": failures}

    def describe_image_scan_findings(
        self, *, repositoryName: str, imageId: dict[str, str], **_: Any
    ) -> dict[str, Any]:
        """Return the scan of an image; none at first, and none ever of an index."""
        found = self._find(imageId)
        if found is None or found.children or self.clock.seconds < found.scanned - 5:
            raise Refusal("ScanNotFoundException", "Image scan does not exist for the image")
        done = self.clock.seconds >= found.scanned
        findings = [
            {"name": f"CVE-2026-{place:04}", "severity": severity}
            for place, severity in enumerate(found.findings)
        ]
        told = {"imageScanStatus": {"status": "COMPLETE" if done else "IN_PROGRESS"}}
        return {**told, "imageScanFindings": {"findings": findings}} if done else told

    def batch_get_repository_scanning_configuration(self, *, repositoryNames: list[str]) -> dict[str, Any]:
        """Return that it scans on push."""
        return {
            "scanningConfigurations": [
                {"repositoryName": repositoryNames[0], "scanFrequency": "SCAN_ON_PUSH"}
            ]
        }

    def _find(self, wanted: dict[str, str]) -> Pushed | None:
        if "imageDigest" in wanted:
            return self.images.get(wanted["imageDigest"])
        return next((item for item in self.images.values() if wanted["imageTag"] in item.tags), None)

    def _detail(self, item: Pushed) -> dict[str, Any]:
        return {
            "imageDigest": item.digest,
            "imageTags": item.tags,
            "imagePushedAt": item.at,
            "imageSizeInBytes": 100_000_000,
            "imageManifestMediaType": _INDEX if item.children else _IMAGE,
        }


def _manifest(item: Pushed) -> dict[str, Any]:
    kind = _INDEX if item.children else _IMAGE
    manifests = [
        {"digest": child, "mediaType": _IMAGE, "platform": {"os": "linux", "architecture": "amd64"}}
        for child in item.children
    ]
    document: dict[str, Any] = {"schemaVersion": 2, "mediaType": kind}
    document |= {"manifests": manifests} if manifests else {"config": {"digest": item.digest}, "layers": []}
    return {"imageManifest": json.dumps(document), "imageManifestMediaType": kind}


@dataclass
class Logs:
    """CloudWatch Logs.

    GetLogEvents: "This operation can return empty results while there are more log events available" (API
    reference); without startFromHead the newest come first, and nextBackwardToken leads to the older ones.
    """

    clock: Clock
    lag: float = 3.0
    """Seconds after which a line can be read."""
    window: float | None = None
    """Where set, a page goes so many seconds back, whatever is in it; the first one from now on."""
    streams: dict[str, list[tuple[float, str]]] = field(default_factory=dict)

    def write(self, stream: str, line: str) -> None:
        """Write a line."""
        self.streams.setdefault(stream, []).append((self.clock.seconds, line))

    def get_log_events(
        self, *, logStreamName: str, limit: int = 10_000, startFromHead: bool = False, **asked: Any
    ) -> dict[str, Any]:
        """Return a page; an unchanged token says that there is no other."""
        now, epoch = self.clock.seconds, self.clock.now().timestamp() - self.clock.seconds
        lines = [item for item in self.streams.get(logStreamName, []) if item[0] + self.lag <= now]
        if not lines:
            raise Refusal("ResourceNotFoundException", "The specified log stream does not exist.")
        since = asked.get("startTime", 0) / 1000 - epoch
        lines = [item for item in lines if item[0] >= since]
        token = asked.get("nextToken", "")
        chosen, forward, backward = self._page(lines, limit, startFromHead, token, now)
        events = [
            {
                "timestamp": int((at + epoch) * 1000),
                "message": line,
                "ingestionTime": int((at + epoch) * 1000),
            }
            for at, line in chosen
        ]
        return {"events": events, "nextForwardToken": forward, "nextBackwardToken": backward}

    def _page(
        self, lines: list[tuple[float, str]], limit: int, head: bool, token: str, now: float
    ) -> tuple[list[tuple[float, str]], str, str]:
        """Cut a page; a token holds direction and moment."""
        forwards = token.startswith("f/") or (not token and head)
        at = float(token[2:]) if token else (-1e9 if forwards else now + 7200)
        if forwards:
            rest = [item for item in lines if item[0] > at]
            chosen = rest[:limit]
            end = chosen[-1][0] if chosen else at
            return chosen, f"f/{end}", f"b/{chosen[0][0] if chosen else at}"
        newest = at if token else now
        floor = -1e9 if self.window is None else newest - self.window
        rest = [item for item in lines if floor <= item[0] < at]
        chosen = rest[-limit:]
        older = [item for item in lines if item[0] < at and item not in chosen]
        start = (chosen[0][0] if len(chosen) < len(rest) else max(floor, -1e9)) if older else at
        return chosen, f"f/{at}", f"b/{start}"

    def describe_log_groups(self, **_: Any) -> dict[str, Any]:
        """Return nothing: no flow of the histories looks for groups."""
        return {"logGroups": []}


@dataclass
class Alarms:
    """CloudWatch: alarms, and metrics that nobody reads."""

    clock: Clock
    states: dict[str, tuple[str, datetime, str]] = field(default_factory=dict)

    def bring(self, name: str, state: str, reason: str = "") -> None:
        """Bring an alarm into a state."""
        if self.states.get(name, ("",))[0] != state:
            self.states[name] = (state, self.clock.now(), reason)

    def red(self) -> set[str]:
        """Return the alarms in ALARM."""
        return {name for name, (state, _, _) in self.states.items() if state == "ALARM"}

    def describe_alarms(self, *, AlarmNames: list[str], **_: Any) -> dict[str, Any]:
        """Return alarms by name."""
        found = [(name, *self.states[name]) for name in AlarmNames if name in self.states]
        return {
            "MetricAlarms": [
                {
                    "AlarmName": name,
                    "StateValue": state,
                    "StateTransitionedTimestamp": since,
                    "StateUpdatedTimestamp": since,
                    "StateReason": reason,
                }
                for name, state, since, reason in found
            ]
        }

    def put_metric_data(self, **_: Any) -> dict[str, Any]:
        """Take a figure."""
        return {}


@dataclass
class Secrets:
    """Secrets Manager with one secret."""

    clock: Clock
    arn: str
    value: str = "{}"
    version: int = 1
    written: datetime | None = None
    tokens: dict[str, str] = field(default_factory=dict)

    def describe_secret(self, *, SecretId: str) -> dict[str, Any]:
        """Return its labels."""
        labels = {f"v{self.version}": ["AWSCURRENT"], f"v{self.version - 1}": ["AWSPREVIOUS"]}
        return {"ARN": self.arn, "VersionIdsToStages": labels}

    def get_secret_value(self, *, SecretId: str, **_: Any) -> dict[str, Any]:
        """Return the value."""
        made = self.written or self.clock.now() - timedelta(days=30)
        return {
            "ARN": self.arn,
            "VersionId": f"v{self.version}",
            "SecretString": self.value,
            "CreatedDate": made,
        }

    def put_secret_value(
        self, *, SecretId: str, SecretString: str, ClientRequestToken: str
    ) -> dict[str, Any]:
        """Write a version; the same token writes once."""
        if ClientRequestToken not in self.tokens:
            self.version += 1
            self.value, self.written = SecretString, self.clock.now()
            self.tokens[ClientRequestToken] = f"v{self.version}"
        return {"ARN": self.arn, "VersionId": self.tokens[ClientRequestToken]}


@dataclass
class Identity:
    """STS."""

    clock: Clock

    def get_caller_identity(self) -> dict[str, Any]:
        """Return whose the credentials are."""
        return {
            "Account": "123456789012",
            "Arn": "arn:aws:sts::123456789012:assumed-role/worker/1",
            "UserId": "x",
        }
