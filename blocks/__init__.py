"""Typed configuration and credentials that people edit in the Prefect UI."""

from blocks.app_secrets import AppSecrets
from blocks.deploy_environment import DeployEnvironment, Target
from blocks.sns_topic import SnsTopic

__all__ = ["AppSecrets", "DeployEnvironment", "SnsTopic", "Target"]
