"""The cause in what a failed task wrote: first, whole, and never longer than its limit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.log_cause import QUOTE_LIMIT, advise, as_markdown, collapse, find_cause, find_error, quote

FRAMES = """
  File "/app/manage.py", line 22, in <module>
    main()
  File "/venv/lib/python3.12/site-packages/django/core/management/__init__.py", line 442, in execute
    django.setup()
    ^^^^^^^^^^^^^^"""
TRACEBACK = f"Traceback (most recent call last):{FRAMES}"
DURING = "\n\nDuring handling of the above exception, another exception occurred:\n\n"
DIRECT = "\n\nThe above exception was the direct cause of the following exception:\n\n"
WORKER = "[2026-11-24 13:53:05 +0000] [26] [ERROR] Exception in worker process\n"
END_OF_WORKER = """
[2026-11-24 13:53:05 +0000] [26] [INFO] Worker exiting (pid: 26)
[2026-11-24 13:53:06 +0000] [1] [ERROR] Worker (pid:26) exited with code 3
[2026-11-24 13:53:06 +0000] [1] [ERROR] Shutting down: Master
[2026-11-24 13:53:06 +0000] [1] [ERROR] Reason: Worker failed to boot."""
SYNTAX = """
  File "/app/ledger/models.py", line 3
    class Row(
             ^
SyntaxError: '(' was never closed"""
CHECKS = """SystemCheckError: System check identified some issues:

CRITICALS:
?: (x.C001) The key is gone.

ERRORS:
ledger.Row.party: (fields.E300) Field defines a relation with model 'Party', which is not installed.
\tHINT: Install it.

WARNINGS:
?: (urls.W002) Your URL pattern begins with a slash.

System check identified 3 issues (0 silenced)."""
CHECKED = (
    "SystemCheckError: ?: (x.C001) The key is gone. ledger.Row.party: (fields.E300) Field defines a relation "
    "with model 'Party', which is not installed. HINT: Install it."
)
MISSING = "ModuleNotFoundError: No module named 'corsheaders'"
PREFIXED = "\n".join(
    f"2026-11-24 13:53:0{n % 10},123 web.{n} | {row}"
    for n, row in enumerate(f"{TRACEBACK}\n{MISSING}".split("\n"))
)
GROUP = f"""  + Exception Group Traceback (most recent call last):
  |   File "/app/x.py", line 1, in <module>
  | ExceptionGroup: two (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/app/x.py", line 2, in f
    | {MISSING}
    +------------------------------------"""
BARE_GROUP = """  | ExceptionGroup: two (1 sub-exception)
  +-+---------------- 1 ----------------
    | ValueError: inner
    +------------------------------------"""


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        (f"{TRACEBACK}\n{MISSING}", MISSING),
        (f"{WORKER}{TRACEBACK}\n{MISSING}{END_OF_WORKER}", MISSING),
        (f"{WORKER}{TRACEBACK}\n{MISSING}{END_OF_WORKER}\n" * 3, MISSING),
        (PREFIXED, MISSING),
        (GROUP, MISSING),
        (BARE_GROUP, "ValueError: inner"),
        (
            (
                f"{TRACEBACK}\nKeyError: 'KEY'{DURING}{TRACEBACK}\n"
                "django.core.exceptions.ImproperlyConfigured: Set KEY"
            ),
            "django.core.exceptions.ImproperlyConfigured: Set KEY (from KeyError: 'KEY')",
        ),
        (
            (
                f"{TRACEBACK}\nsqlite3.OperationalError: no such table: x{DIRECT}{TRACEBACK}\n"
                "django.db.utils.OperationalError: no such table: x"
            ),
            "django.db.utils.OperationalError: no such table: x",
        ),
        (
            f"{TRACEBACK}\na.RootError: 1{DIRECT}{TRACEBACK}\nMiddleError: 2{DURING}{TRACEBACK}\nLast: 3",
            "Last: 3 (from MiddleError: 2, from a.RootError: 1)",
        ),
        (f"{TRACEBACK}\n{MISSING}{DURING}{TRACEBACK}\nSystemExit: 3", MISSING),
        (f"{TRACEBACK}\nValueError: old\nserved 1 request\n{TRACEBACK}\nValueError: new", "ValueError: new"),
        (f"{TRACEBACK}\nAssertionError", "AssertionError"),
        (
            (
                f"{TRACEBACK}\ndb.OperationalError: connection to server failed: Connection refused\n"
                "\tIs the server running on that host?\n[2026-11-24 13:53:05 +0000] [1] [INFO] Handling"
            ),
            (
                "db.OperationalError: connection to server failed: Connection refused "
                "Is the server running on that host?"
            ),
        ),
        (f"{TRACEBACK}{SYNTAX}", "SyntaxError: '(' was never closed (/app/ledger/models.py, line 3)"),
        (SYNTAX, "SyntaxError: '(' was never closed (/app/ledger/models.py, line 3)"),
        (CHECKS, CHECKED),
        (f"{TRACEBACK}\ndjango.core.management.base.SystemCheckError: {CHECKS}", CHECKED),
        (
            "Operations to perform:\nCommandError: Conflicting migrations detected; multiple leaf nodes",
            "CommandError: Conflicting migrations detected; multiple leaf nodes",
        ),
        (
            "usage: manage.py migrate [-h] [--fake]\nmanage.py migrate: error: unrecognized arguments: --fke",
            "manage.py migrate: error: unrecognized arguments: --fke",
        ),
        ("sh: 1: gunicornn: not found", "sh: 1: gunicornn: not found"),
        ("/bin/sh: gunicornn: not found", "/bin/sh: gunicornn: not found"),
        (
            "/start.sh: line 3: gunicornn: command not found",
            "/start.sh: line 3: gunicornn: command not found",
        ),
        ("/usr/bin/python3: No module named gunicorn", "/usr/bin/python3: No module named gunicorn"),
        (
            "python: can't open file '/app/manage.py': [Errno 2] No such file or directory",
            "python: can't open file '/app/manage.py': [Errno 2] No such file or directory",
        ),
        (
            (
                "Error: class uri 'x.Worker' invalid or not found: \n\n[Traceback (most recent call last):"
                f"{FRAMES}\n{MISSING}\n]"
            ),
            MISSING,
        ),
        (
            (
                "*** Operational MODE: single process ***\n"
                f"Tue Nov 24 13:53:05 2026 - {TRACEBACK}\n{MISSING}\nunable to load app 0 (mountpoint='')\n"
                "*** no app loaded. going in full dynamic mode ***"
            ),
            MISSING,
        ),
        ("[2026-11-24 13:53:05 +0000] [1] [CRITICAL] WORKER TIMEOUT (pid:9)", "WORKER TIMEOUT (pid:9)"),
        (
            (
                f"ERROR: Could not find a version that satisfies x (from versions: {'1.2, ' * 400})\n"
                "ERROR: No matching distribution found for django==5.2.999\n[notice] A new pip is there"
            ),
            "No matching distribution found for django==5.2.999",
        ),
        (
            (
                "ERROR: Cannot install a and b because these package versions have conflicts.\n"
                "ERROR: ResolutionImpossible: for help visit https://pip.pypa.io"
            ),
            "Cannot install a and b because these package versions have conflicts.",
        ),
        ("E: Unable to locate package nosuchpackage", "E: Unable to locate package nosuchpackage"),
        (
            "2026-11-24T13:53:05 ERROR release=1f2e request=7 django.request: Internal Server Error: /a",
            "django.request: Internal Server Error: /a",
        ),
        (f'{TRACEBACK}\n{MISSING}\n172.17.0.1 "GET / HTTP/1.1" 500 145 7ms', MISSING),
        (f'{TRACEBACK}\n{MISSING}\n10.0.0.1 - - [24/Nov/2026:13:53:05] "GET /a HTTP/1.0" 500 -', MISSING),
        (
            'TaskFailedToStart: unable to start: exec: "gunicornn": executable file not found in $PATH',
            'exec: "gunicornn": executable file not found in $PATH',
        ),
    ],
)
def test_the_error_is_found(log: str, cause: str) -> None:
    """Whoever wrote it, and whatever follows from it."""
    assert find_error(log.split("\n")) == find_cause(log.split("\n")) == cause


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        ("loading\ncannot read the licence file\n", "cannot read the licence file"),
        (f"licence server unreachable{END_OF_WORKER}", "licence server unreachable"),
        ("[2026-11-24 13:53:05 +0000] [1] [INFO] Starting gunicorn 23.0.0", ""),
        ("(no log: Reading: no rights)", ""),
        ("", ""),
    ],
)
def test_without_an_error_the_last_words_count(log: str, cause: str) -> None:
    """Sys.exit writes a sentence; what every server writes says nothing."""
    lines = log.split("\n") if log else []
    assert find_error(lines) == ""
    assert find_cause(lines) == cause


@pytest.mark.parametrize(
    ("cause", "remedy"),
    [
        (MISSING, "Is corsheaders misspelt, or missing in the image's requirements?"),
        ("sh: 1: gunicornn: not found", "Correct the command, or install gunicornn in the image."),
        (
            'exec: "gunicornn": executable file not found',
            "Correct the command, or install gunicornn in the image.",
        ),
        ("No matching distribution found for x==9", "Correct x==9 in the requirements."),
        ("RuntimeError: row 17 has no party", ""),
    ],
)
def test_the_advice_fits_the_cause(cause: str, remedy: str) -> None:
    """And there is none where only the author knows."""
    assert advise(cause) == remedy


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (["refused"] * 16, ["refused (16 times)"]),
        (["10:01 pid 7 down", "10:02 pid 8 down"], ["10:02 pid 8 down (2 times)"]),
        (["a", "b"] * 3 + ["c"], ["a", "b (these 2 lines 3 times)", "c"]),
        (["start", "x", "y", "z", "x", "y", "z"], ["start", "x", "y", "z (these 3 lines 2 times)"]),
        (["task 0f3a9b7c1d2e fails", "task 77aa88bb99cc fails"], ["task 77aa88bb99cc fails (2 times)"]),
        (["a", "b", "a"], ["a", "b", "a"]),
        (["x" * 500], ["x" * 239 + "…"]),
    ],
)
def test_repeated_lines_are_told_once(lines: list[str], shown: list[str]) -> None:
    """Alone, in turns, and where only numbers differ."""
    assert collapse(lines) == shown


def test_silence_is_said() -> None:
    """An empty tail would leave the reader to guess."""
    assert quote([]) == "It wrote nothing."
    assert quote(["one", "two"]) == "Its last lines:\n  one\n  two"


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=60)
NOISE = st.lists(
    st.sampled_from(["served", "  ", "[1] [INFO] up", "x: y", "[2026-11-24 13:53:05 +0000] [1] go"])
)


@given(
    NOISE,
    st.lists(st.from_regex(r"\A[a-z]{1,8}\.[A-Z][a-z]{1,8}Error: [a-z]{1,20}\Z"), min_size=1, max_size=4),
    st.sampled_from([DURING, DIRECT]),
    NOISE,
)
def test_no_exception_of_a_chain_is_lost(
    before: list[str], raised: list[str], link: str, after: list[str]
) -> None:
    """The last one leads, and each other stands behind it unless its words were said already."""
    chain = link.join(f"{TRACEBACK}\n{text}" for text in raised).split("\n")
    found = find_error([*before, *chain, "", *after])
    assert found.startswith(raised[-1])
    assert all(text.partition(": ")[2] in found for text in raised)


@given(
    st.lists(st.one_of(WORDS, st.sampled_from([TRACEBACK, MISSING, CHECKS, *DURING.split("\n"), "x" * 900]))),
    st.integers(20, 300),
)
def test_nothing_is_longer_than_its_limit(lines: list[str], limit: int) -> None:
    """Whatever is written."""
    rows = [row for line in lines for row in line.split("\n")]
    assert len(find_error(rows, limit)) <= limit
    assert len(find_cause(rows, limit)) <= limit
    assert len(quote(rows)) <= QUOTE_LIMIT + len("Its last lines:")
    assert "\n" not in find_cause(rows)


@given(st.lists(st.sampled_from(["a", "b", "c", "d 1", "d 2"]), max_size=40))
def test_no_line_disappears_uncounted(lines: list[str]) -> None:
    """The newest line is shown, and each kind of line at least once."""
    shown = collapse(lines)
    assert {line[0] for line in shown} == {line[0] for line in lines}
    assert not lines or shown[-1].startswith(lines[-1])
    assert len(shown) <= len(lines)


def test_quoted_lines_are_code_on_a_page() -> None:
    """Markdown would swallow tags, and make names bold."""
    message = (
        'failed: x in <module>, __init__\nIts last lines:\n  File "x", in <module>\n  ``` __init__\nNext.'
    )
    assert as_markdown(message).split("\n") == [
        "failed: x in &lt;module>, \\_\\_init\\_\\_  ",
        "Its last lines:",
        "```",
        '  File "x", in <module>',
        "   __init__",
        "```",
        "Next.",
    ]
