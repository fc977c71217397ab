"""Addresses of the application; /health/ is answered before them, in ledger.health."""

from django.urls import path

from ledger import views

urlpatterns = [
    path("", views.overview, name="overview"),
    path("entries/", views.add_entry, name="add-entry"),
]
