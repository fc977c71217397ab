"""A backup in the live database's place: the service stops, files change places, the service returns."""
