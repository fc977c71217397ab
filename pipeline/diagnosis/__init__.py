"""Finds out why a service is not well: reads everything around it, judges, names likely causes."""
