"""Source of an application's code, resolved to a pinned build context."""
