"""Addresses."""

from django.urls import path
from till.views import rows, status

urlpatterns = [path("status/", status), path("rows/", rows)]
