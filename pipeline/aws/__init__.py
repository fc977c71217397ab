"""Access to AWS: who we are, clients, and errors that name the next step."""
