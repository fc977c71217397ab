"""ECS: task definitions, rollouts and one-off tasks."""
