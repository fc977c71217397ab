"""CloudWatch Logs: the wanted retention, and an archive in S3 that is complete before anything expires."""
