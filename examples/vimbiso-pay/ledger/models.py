"""What the ledger remembers."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models


class Entry(models.Model):
    """One payment, in or out."""

    class Direction(models.TextChoices):
        """Which way the money went."""

        IN = "in", "received"
        OUT = "out", "paid"

    party = models.CharField("from / to", max_length=80)
    direction = models.CharField(max_length=3, choices=Direction.choices, default=Direction.IN)
    amount = models.DecimalField(
        max_digits=12, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))]
    )
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Newest first."""

        ordering = ["-created_at", "-id"]
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return f"{self.get_direction_display()} {self.amount} {self.party}"


def balance() -> Decimal:
    """Return what came in less what went out."""
    sums = dict(Entry.objects.order_by().values_list("direction").annotate(models.Sum("amount")))
    return sums.get(Entry.Direction.IN, Decimal(0)) - sums.get(Entry.Direction.OUT, Decimal(0))
