"""Lets a Python object answer a boto3 client's calls, after botocore has checked each request."""

from typing import Any

from botocore import xform_name


class Refusal(Exception):  # noqa: N818 - an answer of AWS, and no fault of a test
    """AWS's answer to a request that it does not accept."""

    def __init__(self, code: str, message: str) -> None:
        self.answer = {"Error": {"Code": code, "Message": message}}
        super().__init__(f"{code}: {message}")


class Answer:
    """Status of an HTTP answer, as botocore looks at it."""

    def __init__(self, status: int) -> None:
        self.status_code = status


def answered_by(client: Any, service: object) -> None:
    """Let ``service`` answer: its methods have the names and the arguments of the client's.

    An operation that it has no method for is denied, as by a policy that does not name it.
    """

    def note(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["asked"] = dict(params)

    def answer(model: Any, context: dict[str, Any], **_: Any) -> tuple[Answer, dict[str, Any]]:
        method = getattr(service, xform_name(model.name), None)
        if method is None:
            return Answer(400), Refusal("AccessDeniedException", f"{model.name} is not allowed").answer
        try:
            return Answer(200), method(**context["asked"])
        except Refusal as refusal:
            return Answer(400), refusal.answer

    name = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register(f"before-parameter-build.{name}", note)
    client.meta.events.register(f"before-call.{name}", answer)
