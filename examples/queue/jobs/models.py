"""One table."""

from django.db import models


class Job(models.Model):
    """A job."""

    name = models.CharField(max_length=200)
