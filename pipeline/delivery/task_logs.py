"""Reads what the containers of a task wrote."""

from botocore.exceptions import BotoCoreError, ClientError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError
from pipeline.ecs.model import Task
from pipeline.ecs.registry import TaskDefinitions

LOG_LINES = 50
_LOG_LAG = 3.0
"""Seconds that the log driver may take to make the stream of a task that has just ended."""


class TaskLogs:
    """Reads the newest lines of a task's log streams.

    awslogs names a stream PREFIX/CONTAINER/TASK-ID with the prefix of the container's own definition (Amazon
    ECS developer guide, "Send Amazon ECS logs to CloudWatch").
    """

    def __init__(self, access: AwsAccess, log_group: str) -> None:
        self._logs = access.client("logs")
        self._definitions = TaskDefinitions(access)
        self._group = log_group

    def tail(self, task: Task, container: str, limit: int = LOG_LINES) -> tuple[str, ...]:
        """Return the last lines, oldest first; one line that says why where they cannot be read."""
        try:
            return self._tail(f"{self._prefix(task, container)}/{container}/{task.id}", limit)
        except (AwsError, ClientError, BotoCoreError) as error:
            return (f"(no log: {error})",)

    def _prefix(self, task: Task, container: str) -> str:
        definition, _ = self._definitions.read(task.task_definition)
        configurations = (
            item.get("logConfiguration", {})
            for item in definition["containerDefinitions"]
            if item["name"] == container
        )
        return next(
            (str(item.get("options", {}).get("awslogs-stream-prefix")) for item in configurations), ""
        )

    def _tail(self, stream: str, limit: int) -> tuple[str, ...]:
        attempts = Retrying(
            retry=retry_if_exception_type(self._logs.exceptions.ResourceNotFoundException),
            stop=stop_after_delay(_LOG_LAG),
            wait=wait_fixed(0.5),
            reraise=True,
        )
        answer = attempts(
            self._logs.get_log_events,
            logGroupName=self._group,
            logStreamName=stream,
            limit=limit,
            startFromHead=False,
        )
        return tuple(str(event["message"]).rstrip() for event in answer["events"])
