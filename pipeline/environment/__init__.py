"""Environments as data: what differs between local, staging and production."""

from pipeline.environment.catalogue import PROJECT, environment, environments
from pipeline.environment.loader import EnvironmentsFileError, UnknownEnvironmentError, load_environments
from pipeline.environment.model import ApprovalPolicy, Environment, Names, Source

__all__ = [
    "PROJECT",
    "ApprovalPolicy",
    "Environment",
    "EnvironmentsFileError",
    "Names",
    "Source",
    "UnknownEnvironmentError",
    "environment",
    "environments",
    "load_environments",
]
