"""Cleans an ECR repository without touching an image that anything still needs."""
