"""The embedded stack: emulated AWS, Prefect server and worker as child processes of this machine."""

from deployments.stack.environment import child_environment, environment
from deployments.stack.errors import StackError
from deployments.stack.settings import Settings, load_settings

__all__ = ["Settings", "StackError", "child_environment", "environment", "load_settings"]
