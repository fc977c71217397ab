"""Which of a release's Django migrations are pending, and whether the release before can live with them."""
