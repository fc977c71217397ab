"""The embedded stack: emulated AWS, Prefect server and worker as child processes of this machine."""
