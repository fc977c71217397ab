"""Carries one release into service: begin or re-attach, watch, verify, explain, roll back."""
