"""The ledger as a Django application."""

from django.apps import AppConfig
from django.conf import settings
from django.core.management.base import CommandError
from django.db.models.signals import pre_migrate


class LedgerConfig(AppConfig):
    """Connects the migration drill."""

    name = "ledger"

    def ready(self) -> None:
        """Let migrations fail where a drill asks for it (FAULT=migrate)."""
        if settings.FAULT == "migrate":
            pre_migrate.connect(_fail, sender=self)


def _fail(**_: object) -> None:
    raise CommandError("FAULT=migrate: migrations fail in this release, as the drill asks")
