"""Where an application's code comes from: resolved to a pinned build context."""
