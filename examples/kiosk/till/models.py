"""One table."""

from django.db import models


class Sale(models.Model):
    """A sale."""

    text = models.CharField(max_length=200)
