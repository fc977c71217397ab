"""Records of releases, and the choice of one to roll back to."""
