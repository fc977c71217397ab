"""Checks whether a deployment can succeed, before anything is changed."""
