"""Archiving a day: nothing lost, nothing twice."""

import gzip
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from fake_logs import Events, FakeAws, FakeLogs, FakeS3
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.logs.archive import ArchiveOutcome, archive_day, archived_days, history_is_verified, verify_day
from pipeline.logs.manifest import ArchiveConflictError, ArchiveDamagedError, ArchiveLocation
from pipeline.logs.retention import LogGroup
from pipeline.logs.store import lines_of

GROUP = "/ecs/vimbiso-pay-staging"
DAY = date(2026, 3, 1)
START = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) * 1000
END = START + 24 * 3600 * 1000
PLACE = ArchiveLocation("archive", "staging")
PART = "logs/staging/group=%2Fecs%2Fvimbiso-pay-staging/date=2026-03-01/part-0000.jsonl.gz"
MANIFEST = PART.replace("part-0000.jsonl.gz", "manifest.json")

timestamps = st.one_of(
    st.sampled_from([START, START + 1, END - 1, END, START - 1]), st.integers(START - 5, END + 5)
)
streams = st.dictionaries(
    st.sampled_from(["a", "b/1", "ü"]),
    st.lists(st.tuples(timestamps, st.just(END), st.sampled_from(["x", "y", "\ud83d", '"\n'])), max_size=9),
)


def _sorted(found: dict[str, Events]) -> dict[str, Events]:
    return {name: sorted(events, key=lambda event: event[0]) for name, events in found.items()}


def _aws(found: dict[str, Events], page: int = 2) -> FakeAws:
    return FakeAws("af-south-1", logs=FakeLogs(_sorted(found), page), s3=FakeS3())


def _archived(s3: FakeS3) -> Counter[tuple[str, int, str]]:
    lines = gzip.decompress(s3.objects[PART]).splitlines() if PART in s3.objects else []
    rows = [json.loads(line) for line in lines]
    return Counter((row["stream"], row["timestamp"], row["message"]) for row in rows)


def _of_the_day(found: dict[str, Events]) -> Counter[tuple[str, int, str]]:
    return Counter(
        (name, at, message)
        for name, events in found.items()
        for at, _, message in events
        if START <= at < END
    )


@given(found=streams, page=st.integers(1, 4))
def test_every_event_of_the_day_is_archived_once(found: dict[str, Events], page: int) -> None:
    """Equal timestamps, pages that end between them, empty pages and neighbouring days included."""
    aws = _aws(found, page)
    result = archive_day(aws, PLACE, GROUP, DAY)
    expected = _of_the_day(found)
    assert _archived(aws.s3) == expected
    times = [at for _, at, _ in expected]
    manifest = result.manifest
    assert (manifest.events, manifest.first_event, manifest.last_event) == (
        expected.total(),
        min(times, default=None),
        max(times, default=None),
    )
    assert verify_day(aws, PLACE, GROUP, DAY) == manifest


@given(found=streams)
def test_archiving_again_changes_nothing(found: dict[str, Events]) -> None:
    """The second run finds the day as it is and writes no object."""
    aws = _aws(found)
    first = archive_day(aws, PLACE, GROUP, DAY)
    before, writes = dict(aws.s3.objects), aws.s3.writes.copy()
    second = archive_day(aws, PLACE, GROUP, DAY)
    assert (second.outcome, second.manifest, second.added) == (ArchiveOutcome.UNCHANGED, first.manifest, 0)
    assert (aws.s3.objects, aws.s3.writes) == (before, writes)


@given(found=streams, late=streams)
def test_late_events_are_added(found: dict[str, Events], late: dict[str, Events]) -> None:
    """The re-scan holds what came first and what came late, each once."""
    aws = _aws(found)
    archive_day(aws, PLACE, GROUP, DAY)
    both = {name: [*found.get(name, []), *late.get(name, [])] for name in found.keys() | late.keys()}
    aws.logs.streams = _sorted(both)
    result = archive_day(aws, PLACE, GROUP, DAY)
    assert _archived(aws.s3) == _of_the_day(both)
    assert result.added == _of_the_day(late).total()


@settings(max_examples=60)
@given(found=streams, late=streams, lost=st.sets(st.sampled_from(["a", "b/1", "ü"])))
def test_streams_that_vanish_keep_their_archived_events(
    found: dict[str, Events], late: dict[str, Events], lost: set[str]
) -> None:
    """Deleting a stream takes nothing from the archive, nor hides another stream's late events."""
    aws = _aws(found)
    archive_day(aws, PLACE, GROUP, DAY)
    living = {name: events for name, events in found.items() if name not in lost}
    added = {name: events for name, events in late.items() if name not in lost}
    now = {name: [*living.get(name, []), *added.get(name, [])] for name in living.keys() | added.keys()}
    aws.logs.streams = _sorted(now)
    for _ in range(2):
        result = archive_day(aws, PLACE, GROUP, DAY)
    assert result.outcome is ArchiveOutcome.UNCHANGED
    assert _archived(aws.s3) == _of_the_day(found) + _of_the_day(added)
    verify_day(aws, PLACE, GROUP, DAY)


def test_streams_may_vanish_one_by_one_while_the_day_is_read() -> None:
    """Each reading that finds less than the archive has is made good out of the archive."""
    found: dict[str, Events] = {name: [(START, END, name)] for name in ("a", "b", "c")}
    aws = _aws(found)
    archive_day(aws, PLACE, GROUP, DAY)
    listing = aws.logs.paginate

    def lose_one(**_: object) -> object:
        if aws.logs.streams:
            aws.logs.streams.popitem()
        return listing()

    aws.logs.paginate = lose_one
    assert archive_day(aws, PLACE, GROUP, DAY).preserved == ("a", "b", "c")
    assert _archived(aws.s3) == _of_the_day(found)


def test_a_cut_archive_is_noticed_even_between_two_lines() -> None:
    """What is left of it may look whole."""
    data = gzip.compress(b'{"a":1}\n')
    assert list(lines_of(iter([data]))) == [b'{"a":1}\n']
    with pytest.raises(ArchiveDamagedError, match="cut off"):
        list(lines_of(iter([data[:-8]])))


def test_equal_events_give_equal_bytes() -> None:
    """No clock and no order of listing shows in the object."""
    found: dict[str, Events] = {"a": [(START, 1 + END, "x")] * 3, "b": [(START, END, "y")]}
    one, other = _aws(found), _aws(dict(reversed(found.items())), page=1)
    archive_day(one, PLACE, GROUP, DAY)
    archive_day(other, PLACE, GROUP, DAY)
    assert one.s3.objects == other.s3.objects


def test_streams_that_were_silent_since_the_day_before_are_not_read() -> None:
    """A call for every task that ever ran would not end."""
    old = START - int(timedelta(days=2).total_seconds()) * 1000
    aws = _aws({"old": [(old, old, "x")], "new": [(START, START, "x")]})
    archive_day(aws, PLACE, GROUP, DAY)
    assert aws.logs.calls.keys() == {"new"}


@pytest.mark.parametrize("step", ["put_object", "put_manifest"])
def test_a_run_that_dies_leaves_the_day_unarchived_and_the_next_one_finishes_it(step: str) -> None:
    """Only the manifest makes a day archived; no half object remains."""
    found: dict[str, Events] = {"a": [(START + n, END, f"message {n * 7919}") for n in range(99)]}
    aws = _aws(found, page=50)
    aws.s3.fail_at = step
    with pytest.raises(KeyboardInterrupt):
        archive_day(aws, PLACE, GROUP, DAY)
    assert archived_days(aws, PLACE, GROUP) == frozenset()
    archive_day(aws, PLACE, GROUP, DAY)
    assert _archived(aws.s3) == _of_the_day(found)
    assert archived_days(aws, PLACE, GROUP) == {DAY}


def test_two_runs_at_once_never_overwrite_each_other() -> None:
    """Whoever is second finds the object changed and gives up."""
    aws = _aws({"a": [(START, END, "x")]})
    streams_of = aws.logs.paginate

    def meanwhile(**_: object) -> object:
        aws.s3.objects[PART] = b"somebody else's"
        return streams_of()

    aws.logs.paginate = meanwhile
    with pytest.raises(ArchiveConflictError, match="another run"):
        archive_day(aws, PLACE, GROUP, DAY)
    assert aws.s3.objects == {PART: b"somebody else's"}


def test_a_day_without_events_is_archived_as_such() -> None:
    """Its manifest says so, and there is no object."""
    aws = _aws({"a": []})
    manifest = archive_day(aws, PLACE, GROUP, DAY).manifest
    assert (manifest.part, manifest.events, set(aws.s3.objects)) == (None, 0, {MANIFEST})


def test_an_object_that_went_missing_is_written_again() -> None:
    """UNCHANGED is said only of an archive that is there."""
    aws = _aws({"a": [(START, END, "x")]})
    archive_day(aws, PLACE, GROUP, DAY)
    del aws.s3.objects[PART]
    assert archive_day(aws, PLACE, GROUP, DAY).outcome is ArchiveOutcome.WRITTEN
    verify_day(aws, PLACE, GROUP, DAY)


def _flip(data: bytes) -> bytes:
    return data[:-3] + bytes([data[-3] ^ 1]) + data[-2:]


@pytest.mark.parametrize(
    "damage", [_flip, lambda data: data[:-4], lambda _: b"", lambda data: b"x" * len(data)]
)
def test_damage_is_found(damage: object) -> None:
    """A wrong byte, a cut, an empty object and plain rubbish."""
    aws = _aws({"a": [(START, END, "x")]})
    archive_day(aws, PLACE, GROUP, DAY)
    aws.s3.objects[PART] = damage(aws.s3.objects[PART])  # type: ignore[operator]
    with pytest.raises(ArchiveDamagedError):
        verify_day(aws, PLACE, GROUP, DAY)


def test_a_damaged_archive_is_not_taken_for_the_whole() -> None:
    """When streams are gone, what they held must come out of the archive in full or not at all."""
    aws = _aws({"a": [(START, END, "x")], "b": [(START, END, "y")]})
    archive_day(aws, PLACE, GROUP, DAY)
    aws.s3.objects[PART] = gzip.compress(b'{"timestamp":1,"stream":"b","message":"y"}\n')
    damaged = dict(aws.s3.objects)
    del aws.logs.streams["a"]
    with pytest.raises(ArchiveDamagedError, match="in streams a"):
        archive_day(aws, PLACE, GROUP, DAY)
    assert aws.s3.objects == damaged


def test_a_history_is_verified_by_reading_every_day_that_would_go() -> None:
    """A day that lacks is no; a day that is damaged is an error."""
    aws = _aws({"a": [(START, END, "x")]})
    group = LogGroup(GROUP, None, datetime(2026, 3, 1, 12, tzinfo=UTC))
    today = DAY + timedelta(days=30)
    assert not history_is_verified(aws, PLACE, group, today, 30)
    archive_day(aws, PLACE, GROUP, DAY)
    assert history_is_verified(aws, PLACE, group, today, 30)
    aws.s3.objects[PART] = _flip(aws.s3.objects[PART])
    with pytest.raises(ArchiveDamagedError):
        history_is_verified(aws, PLACE, group, today, 30)


def test_a_day_that_was_never_archived_does_not_verify() -> None:
    """The message says what to run."""
    with pytest.raises(ArchiveDamagedError, match="archive-logs"):
        verify_day(_aws({}), PLACE, GROUP, DAY)
