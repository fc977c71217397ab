"""Cleans an ECR repository without touching an image that anything still needs."""

from pipeline.ecr.apply import CleanupResult, Failure, apply_cleanup
from pipeline.ecr.errors import EcrError, ProtectionError
from pipeline.ecr.in_use import collect_in_use
from pipeline.ecr.model import Image, Inventory
from pipeline.ecr.plan import CleanupPlan, PlanRow, plan_cleanup
from pipeline.ecr.policy import CleanupPolicy
from pipeline.ecr.protection import Protection
from pipeline.ecr.registry import read_inventory

__all__ = [
    "CleanupPlan",
    "CleanupPolicy",
    "CleanupResult",
    "EcrError",
    "Failure",
    "Image",
    "Inventory",
    "PlanRow",
    "Protection",
    "ProtectionError",
    "apply_cleanup",
    "collect_in_use",
    "plan_cleanup",
    "read_inventory",
]
