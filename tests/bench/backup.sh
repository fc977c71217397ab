#!/bin/sh
# What people do by hand: sqlite3's own backup, gzip, and the AWS CLI.
# Needs DATABASE, COPY (a path), AWS (the command), BUCKET.
set -eu
sqlite3 "$DATABASE" ".timeout 5000" ".backup '$COPY'"
gzip "$COPY"
"$AWS" s3 cp --only-show-errors "$COPY.gz" "s3://$BUCKET/plain.gz"
