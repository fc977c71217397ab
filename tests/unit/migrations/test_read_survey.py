"""What the application's Django is asked, and how its answer is read out of a log."""

import pytest

from pipeline.databases.model import FoundDatabase
from pipeline.ecs.oneoff import OneOff, run_task_request
from pipeline.migrations.model import (
    Migration,
    Operation,
    Survey,
    SurveyError,
    is_complete,
    newer,
    read_survey,
    survey_command,
)

COMMAND = survey_command(("python", "-m", "django"))
ONE = 'VIMBISO-MIGRATION {"app": "a", "name": "0001_x", "marker": null, "operations": []}'
TWO = (
    'VIMBISO-MIGRATION {"app": "a", "name": "0002_y", "marker": true, "operations": '
    '[{"kind": "RunSQL", "what": "Raw SQL", "reversible": false, "required": false}]}'
)
LINE = 'VIMBISO-DATABASE {"alias": "default", "vendor": "sqlite", "path": "/data/a", "mount": "/data"}'
NOISE = "6 objects imported automatically (use -v 2 for details)."


def test_the_question_fits_into_a_task() -> None:
    """RunTask accepts so many characters and no more."""
    assert run_task_request(OneOff("c", "td:1", "app", "survey-td-1", COMMAND))


def test_pending_migrations_come_in_their_order() -> None:
    """Whatever else the application writes is passed over."""
    assert read_survey([NOISE, ONE, NOISE, TWO, "VIMBISO-MIGRATIONS 2", NOISE]).pending == (
        Migration(app="a", name="0001_x"),
        Migration(
            app="a",
            name="0002_y",
            marker=True,
            operations=(Operation(kind="RunSQL", what="Raw SQL", reversible=False),),
        ),
    )


def test_nothing_pending() -> None:
    """The number alone is a whole answer."""
    assert read_survey(["VIMBISO-MIGRATIONS 0"]) == Survey()


def test_databases_are_read() -> None:
    """As the application's Django names them."""
    found = read_survey([NOISE, LINE, "VIMBISO-MIGRATIONS 0"])
    assert found.databases == (
        FoundDatabase(alias="default", vendor="sqlite", path="/data/a", mount="/data"),
    )


@pytest.mark.parametrize(
    "lines", [[], [NOISE], [ONE], ["VIMBISO-MIGRATIONS 1"], [ONE, "VIMBISO-MIGRATIONS 2"]]
)
def test_half_an_answer_is_none(lines: list[str]) -> None:
    """Lines that are missing must not look like migrations that are not pending."""
    with pytest.raises(SurveyError, match="Nothing was migrated"):
        read_survey(lines)


def test_an_answer_in_another_form_is_an_error() -> None:
    """It names the field that is not understood."""
    with pytest.raises(SurveyError, match="operations"):
        read_survey(['VIMBISO-MIGRATION {"app": "a", "name": "b", "operations": 1}', "VIMBISO-MIGRATIONS 1"])


def test_a_database_that_cannot_be_read_is_told_with_its_place() -> None:
    """Its place says more than the error: it may lie where nobody may write."""
    found = read_survey([LINE, ONE, 'VIMBISO-UNREADABLE "OperationalError: unable to open database file"'])
    assert [item.path for item in found.databases] == ["/data/a"]
    assert (found.pending, found.unreadable) == ((), "OperationalError: unable to open database file")


@pytest.mark.parametrize(
    ("lines", "whole"),
    [([], False), ([ONE], False), ([ONE, "VIMBISO-MIGRATIONS 1"], True), (['VIMBISO-UNREADABLE "x"'], True)],
)
def test_the_last_line_tells_that_all_has_arrived(lines: list[str], whole: bool) -> None:
    """CloudWatch shows a task's lines some seconds after its end."""
    assert is_complete(lines) is whole


def test_every_migration_that_the_release_has_is_read() -> None:
    """An app a line: a release of many migrations fits into its log."""
    lines = [
        'VIMBISO-KNOWN {"app": "a", "names": ["0001_x", "0002_y"]}',
        'VIMBISO-KNOWN {"app": "b", "names": ["1"]}',
    ]
    assert read_survey([*lines, "VIMBISO-MIGRATIONS 0"]).known == ("a.0001_x", "a.0002_y", "b.1")


@pytest.mark.parametrize(
    ("applied", "expected"),
    [
        ((), ()),
        (("a.1", "b.1", "a.2"), ()),
        (("a.1", "a.2", "a.3", "b.1", "a.4"), ("a.3", "a.4")),
        (("b.9", "a.1"), ("b.9",)),
        (("a.0", "a.00", "a.1"), ()),
        (("gone.1", "a.1", "gone.2"), ()),
    ],
    ids=["none", "all-known", "newer", "other", "parts-of-a-squashed-one", "an-app-that-was-removed"],
)
def test_what_a_later_release_migrated_is_found(applied: tuple[str, ...], expected: tuple[str, ...]) -> None:
    """It is of an app that the release has, and came after what it knows of that app."""
    assert newer(applied, ("a.1", "a.2", "b.1")) == expected


CHECK = 'VIMBISO-CHECK {"id": "urls.E004", "text": "No pattern.", "about": "pay", "serious": true}'
WARNED = 'VIMBISO-CHECK {"id": "security.W004", "text": "No HSTS.", "about": "", "serious": false}'
BROKEN = "VIMBISO-BROKEN \"ModuleNotFoundError: No module named 'requests' (/code/pay/views.py, line 3)\""


@pytest.mark.parametrize(
    ("lines", "first", "then"),
    [
        ([CHECK, WARNED], "pay: (urls.E004) No pattern.", "Nothing was migrated"),
        ([CHECK, CHECK], "pay: (urls.E004) No pattern. (and 1 more)", "Nothing was migrated"),
        (
            [CHECK, BROKEN],
            "ModuleNotFoundError: No module named 'requests' (/code/pay/views.py, line 3) (and 1 more)",
            "Is requests misspelt, or missing",
        ),
    ],
)
def test_what_djangos_checks_refuse_is_refused(lines: list[str], first: str, then: str) -> None:
    """The cause comes first: an exception before errors, which each have a line of their own."""
    with pytest.raises(SurveyError) as caught:
        read_survey([NOISE, *lines, "VIMBISO-MIGRATIONS 0"]).require_sound()
    assert str(caught.value).splitlines()[0] == first
    assert then in str(caught.value)


def test_a_warning_of_djangos_checks_keeps_nothing_back() -> None:
    """It is logged; Django itself goes on as well."""
    found = read_survey([WARNED, "VIMBISO-MIGRATIONS 0"])
    found.require_sound()
    assert [item.line for item in found.checks] == ["(security.W004) No HSTS."]
