"""The worker of a process pool, whose runs start with Prefect and the flows already imported."""
