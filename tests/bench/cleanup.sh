#!/bin/sh
# The guide's clean-up of the registry, made to work: 100 ids a call is all that ECR takes, and none is an error.
# Needs AWS (the command), REPOSITORY, WORK (a folder), PYTHON.
set -eu
"$AWS" ecr list-images --repository-name "$REPOSITORY" --filter tagStatus=UNTAGGED \
    --query 'imageIds[*]' --output json > "$WORK/untagged.json"
"$PYTHON" - "$WORK" <<'PYTHON'
import json, pathlib, sys
work = pathlib.Path(sys.argv[1])
ids = json.loads((work / "untagged.json").read_text())
for start in range(0, len(ids), 100):
    (work / f"batch-{start:08}.json").write_text(json.dumps(ids[start:start + 100]))
PYTHON
for batch in "$WORK"/batch-*.json; do
    [ -e "$batch" ] || continue
    "$AWS" ecr batch-delete-image --repository-name "$REPOSITORY" --image-ids "file://$batch" > /dev/null
done
