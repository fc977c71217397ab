"""What several flows have in common; no flow lies here."""
