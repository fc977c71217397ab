"""What Docker streams is understood, or ends as one clear error."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from mutations import damaged

from pipeline.image.build import BuildLog
from pipeline.image.buildkit import BuildkitLog
from pipeline.image.push import PushLog
from pipeline.image.request import BuildError, PushError

BUILD: list[dict[str, Any]] = [
    {"stream": "Step 1/2 : FROM scratch\n"},
    {"stream": "Step 2/2 : RUN false\r\nhalf a line"},
    {"status": "Downloading", "progressDetail": {"current": 1, "total": 2}, "id": "abc"},
    {"aux": {"ID": "sha256:abc"}},
    {"errorDetail": {"code": 1, "message": "no"}, "error": "no"},
]
PUSH: list[dict[str, Any]] = [
    {"status": "Preparing", "progressDetail": {}, "id": "abc"},
    {"status": "Pushing", "progressDetail": {"current": 512, "total": 1024}, "id": "abc"},
    {"status": "Pushed", "id": "abc"},
    {"aux": {"Tag": "one", "Digest": f"sha256:{'a' * 64}", "Size": 9}},
    {"errorDetail": {"message": "denied"}, "error": "denied"},
]
WORDS = [
    "#7 [build 2/5] RUN x",
    "#7 CACHED",
    "#7 1.25 said",
    "#7 DONE 1.3s",
    "#7 ERROR: no",
    "#",
    "#7",
    "loose",
]


@given(st.lists(st.sampled_from(BUILD).flatmap(damaged).filter(lambda item: isinstance(item, dict))))
def test_a_build_goes_on_or_fails_with_its_reason(messages: list[dict[str, Any]]) -> None:
    """No message of the builder ends the build in another way."""
    log = BuildLog("app:one")
    try:
        events = [event for message in messages for event in log.read(message)]
        assert all(event.step <= event.steps or not event.steps for event in events)
    except BuildError as error:
        assert "app:one" in str(error)  # noqa: PT017 - failing is one of two right ends


@given(st.lists(st.sampled_from(PUSH).flatmap(damaged).filter(lambda item: isinstance(item, dict))))
def test_a_push_goes_on_or_fails_with_its_reason(messages: list[dict[str, Any]]) -> None:
    """No message of the registry ends the push in another way."""
    log = PushLog("app:one")
    try:
        for message in messages:
            log.read(message)
    except PushError as error:
        assert "app:one" in str(error)  # noqa: PT017 - failing is one of two right ends


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=20)))
def test_any_line_of_buildkit_is_survived(lines: list[str]) -> None:
    """Its failure can always be told."""
    log = BuildkitLog("app:one")
    for line in lines:
        list(log.read(line))
    assert "app:one" in str(log.failure("it ended"))
