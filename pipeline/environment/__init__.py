"""Environments as data: what differs between local, staging and production."""

from pipeline.environment.loader import EnvironmentsFileError, UnknownEnvironmentError, load_environments
from pipeline.environment.model import ApprovalPolicy, Environment, Names, Source

__all__ = [
    "ApprovalPolicy",
    "Environment",
    "EnvironmentsFileError",
    "Names",
    "Source",
    "UnknownEnvironmentError",
    "load_environments",
]
