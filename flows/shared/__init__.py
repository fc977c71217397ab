"""Helpers of several flows; no flow lies here."""
