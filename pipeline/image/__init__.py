"""Images: built, pushed, found in the registry, judged by their scan."""
