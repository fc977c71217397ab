"""Addresses."""

from board.views import healthy, rows
from django.urls import path

urlpatterns = [path("health/", healthy), path("rows/", rows)]
