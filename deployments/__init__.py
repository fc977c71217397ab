"""Registration and running of the flows: environments, command line, webhook, local stack, demo."""
