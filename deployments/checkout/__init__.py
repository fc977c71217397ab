"""Checkouts of Django applications, judged before anything is built, without running their code."""
