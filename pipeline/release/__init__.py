"""Which releases were deployed, which one runs, and which one was last good."""
