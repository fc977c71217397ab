"""Addresses."""

from django.urls import path
from talk.views import alive, rows

urlpatterns = [path("-/alive", alive), path("rows/", rows)]
