#!/bin/sh
# The guide's way from source to release, with the AWS CLI, or with ecs-deploy for what comes after the push.
# Needs TOOL (aws or ecs-deploy), COMMAND (its path), SOURCE, BASE_IMAGE, IMAGE, FAMILY, CONTAINER, CLUSTER, SERVICE,
# URL, HOST, WORK (a folder), PYTHON.
set -eu
docker build --quiet --build-arg BASE_IMAGE="$BASE_IMAGE" --tag "$IMAGE" "$SOURCE"
docker push --quiet "$IMAGE"
if [ "$TOOL" = aws ]; then
    "$COMMAND" ecs describe-task-definition --task-definition "$FAMILY" --query taskDefinition > "$WORK/live.json"
    "$PYTHON" - "$WORK" "$CONTAINER" "$IMAGE" <<'PYTHON'
import json, pathlib, sys
work, container, image = pathlib.Path(sys.argv[1]), *sys.argv[2:]
definition = json.loads((work / "live.json").read_text())
for name in ("taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt",
             "registeredBy"):
    definition.pop(name, None)
for item in definition["containerDefinitions"]:
    if item["name"] == container:
        item["image"] = image
(work / "new.json").write_text(json.dumps(definition))
PYTHON
    REVISION=$("$COMMAND" ecs register-task-definition --cli-input-json "file://$WORK/new.json" \
        --query taskDefinition.taskDefinitionArn --output text)
    "$COMMAND" ecs update-service --cluster "$CLUSTER" --service "$SERVICE" --task-definition "$REVISION" > "$WORK/answer"
    "$COMMAND" ecs wait services-stable --cluster "$CLUSTER" --services "$SERVICE"
else
    "$COMMAND" deploy "$CLUSTER" "$SERVICE" --image "$CONTAINER" "$IMAGE" --timeout 300 --no-deregister
fi
curl --fail --silent --show-error --max-time 10 --header "Host: $HOST" "$URL"
