"""Images: built, pushed, found in the registry, judged by their scan."""

from pipeline.image.build import build_image
from pipeline.image.buildkit import buildkit_fault
from pipeline.image.dockerfile import read_dockerfile
from pipeline.image.engine import Engine, connect, engine_faults, inspect_engine
from pipeline.image.errors import (
    BuildError,
    EngineError,
    ImageError,
    PushError,
    PushInterruptedError,
    RegistryError,
)
from pipeline.image.findings import wait_for_findings
from pipeline.image.labels import image_labels
from pipeline.image.login import Login, LoginProvider, ecr_login
from pipeline.image.push import push_image
from pipeline.image.push_progress import Layer, PushProgress
from pipeline.image.reference import Repository, repository_at
from pipeline.image.registry import RemoteImage, find_image
from pipeline.image.request import BuildEvent, BuildRequest, BuiltImage
from pipeline.image.scan import Accepted, Finding, ScanPolicy, ScanResult, ScanVerdict, judge_scan
from pipeline.image.scan_table import scan_rows

__all__ = [
    "Accepted",
    "BuildError",
    "BuildEvent",
    "BuildRequest",
    "BuiltImage",
    "Engine",
    "EngineError",
    "Finding",
    "ImageError",
    "Layer",
    "Login",
    "LoginProvider",
    "PushError",
    "PushInterruptedError",
    "PushProgress",
    "RegistryError",
    "RemoteImage",
    "Repository",
    "ScanPolicy",
    "ScanResult",
    "ScanVerdict",
    "build_image",
    "buildkit_fault",
    "connect",
    "ecr_login",
    "engine_faults",
    "find_image",
    "image_labels",
    "inspect_engine",
    "judge_scan",
    "push_image",
    "read_dockerfile",
    "repository_at",
    "scan_rows",
    "wait_for_findings",
]
