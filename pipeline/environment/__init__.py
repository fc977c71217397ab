"""Environments as data: what differs between local, staging and production."""

from pipeline.environment.catalogue import PROJECT, environment, environments
from pipeline.environment.loader import EnvironmentsFileError, UnknownEnvironmentError, load_environments
from pipeline.environment.model import ApprovalPolicy, Environment, Names, Scan, Source
from pipeline.environment.work_pool import DockerPool, EcsPool, ProcessPool, WorkPool

__all__ = [
    "PROJECT",
    "ApprovalPolicy",
    "DockerPool",
    "EcsPool",
    "Environment",
    "EnvironmentsFileError",
    "Names",
    "ProcessPool",
    "Scan",
    "Source",
    "UnknownEnvironmentError",
    "WorkPool",
    "environment",
    "environments",
    "load_environments",
]
