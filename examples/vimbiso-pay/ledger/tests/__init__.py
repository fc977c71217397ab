"""Tests of the sample application: python manage.py test."""
