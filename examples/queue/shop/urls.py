"""Addresses."""

from django.urls import path
from jobs.views import ready, rows

urlpatterns = [path("ready", ready), path("rows/", rows)]
