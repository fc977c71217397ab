"""Causes in the log lines of something that failed, and short quotations of the lines. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

CAUSE_LIMIT = 500
"""Characters of a cause; the first seventy are what a list of runs shows."""
QUOTE_LIMIT = 2000
"""Characters of quoted lines."""
READ_LINES = 200
"""Lines to read for a cause: a chain of two of Django's tracebacks has a hundred."""
_READ_OF_LINE = 4000
_LINE_LIMIT = 240
_MESSAGE_LIMIT = 300
_QUOTED_LINES = 12
_MORE_OF_MESSAGE = 4
_BLOCK = 6
"""Most lines of a block that is recognised when it comes again."""

_TRACEBACK = "Traceback (most recent call last):"
_CHAINS = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
_PREFIX = re.compile(
    r"^\s*(?:[\w.-]*\s*\|\s+)?"  # docker compose, groups of exceptions
    r"(?:\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*(?: [+-]\d{4}\])?\s+)?"
    r"(?:\[\d+\]\s+)?(?:\[?(?:CRITICAL|ERROR|FATAL)\]?:?\s+)?(?:\w+=\S+\s+)*"
)
"""Time, process, level and fields as gunicorn, uwsgi and Python's logging write them before a line."""
_RECORD = re.compile(
    r"^\s*(?:[\w.-]+\s*\|\s+)?\[?(?:\d{4}-\d\d-\d\d[T ]\d\d:|INFO|WARNING|DEBUG|\d+\] \[)"
    r"|^\*\*\*|^unable to load app|^(?:Internal Server Error|Bad Request|Not Found): /"
    r'|^.*"[A-Z]+ /\S* HTTP/\d'  # an access log's line
)
"""How a new record of a log begins."""
_EXCEPTION = re.compile(r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:\s*:.*)?$")
_NAMED = re.compile(r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|ImproperlyConfigured|DoesNotExist): \S")
_PLACE = re.compile(r'^\s+File "([^"]+)", line (\d+)$')
_OWN_PLACE = re.compile(
    r'^\s+File "((?!<)(?!.*(?:(?:site|dist)-packages|lib/python3[^/]*|bin)/)(?!.*\bmanage\.py")[^"]+)", '
    r"line (\d+), in "
)
"""A frame of code that is neither Python's nor a package's nor a command's; manage.py only calls others."""
_CHECKS = "System check identified some issues:"
_TOLD = re.compile(
    r"^[\w./-]+(?: [\w./-]+){0,3}: error: "  # argparse
    r"|^\S*sh: (?:line )?(?:\d+: )?(?:exec: )?\S+: "  # a shell
    r"(?:command )?(?:not found|[Pp]ermission denied|No such file)"
    r"|: can't open file |exec format error|: No module named \S+$"
)
"""What a shell, an interpreter or an option parser says when it cannot do what it was told."""
_ENGINE = re.compile(r'\bexec: "[^"]*": .+')
"""What a container engine says of a command that it cannot start, at the end of a long reason."""
_ERROR = re.compile(
    r"\b(?:CRITICAL|ERROR|FATAL)\b|^E: |\berror: |WORKER TIMEOUT|was sent SIGKILL|no python application"
)
_CONSEQUENCE = re.compile(
    r"exited with code|Shutting down|Worker failed to boot|Exception in worker process|Worker exiting"
    r"|ResolutionImpossible|subprocess-exited-with-error|metadata-generation-failed|Handling signal"
    r"|Booting worker|Listening at|Starting gunicorn|Using worker"
)
"""What follows from the cause, or is no error at all."""
_ADVICE = (
    (r"No module named '?([\w.]+)", "Is {} misspelt, or missing in the image's requirements?"),
    (r"No matching distribution found for (\S+)", "Correct {} in the requirements."),
    (r"(?:exec: |sh: .*: )\"?([\w./-]+)\"?: .*not found", "Correct the command, or install {} in the image."),
)
_ENDS = ("SystemExit", "KeyboardInterrupt")
_UNREAD = "(no log"


def find_error(lines: Iterable[str], limit: int = CAUSE_LIMIT) -> str:
    """Return what the lines call an error, in one line; "" where they call nothing so.

    The last one counts. Of chained tracebacks the last exception comes first, as the one that was worded for
    people ("ImproperlyConfigured: set DATABASE_URL"), and behind it what it came of, newest first:
    "(from KeyError: 'DATABASE_URL')". One that repeats the words of the one before it is left out. At the end
    stands where the application's own code was when the last exception was raised.
    """
    told = _told(lines)
    sure = max([*_chains(told, placed=True), *_sentences(told)], default=None)
    return _clip(sure[1] if sure else next(reversed(_logged(told)), ""), limit)


def find_errors(lines: Iterable[str], limit: int = CAUSE_LIMIT) -> dict[str, int]:
    """Return every error that the lines tell, in its order, with how often it comes.

    Without its place: the next release has the same error in another line.
    """
    told = _told(lines)
    chained = [text for _, text in _chains(told)]
    alone = [text for _, text in _sentences(told) if not any(text in whole for whole in chained)]
    whole = [*chained, *alone]
    rest = [text for text in _logged(told) if not any(text in other or other in text for other in whole)]
    return dict(Counter(_clip(text, limit) for text in (*whole, *rest)))


def _told(lines: Iterable[str]) -> list[str]:
    """Return the lines that the application wrote, each as far as it is read."""
    return [line.rstrip()[:_READ_OF_LINE] for line in lines if not line.startswith(_UNREAD)]


def _logged(told: Iterable[str]) -> list[str]:
    """Return the lines whose level, or a word in them, says that they are errors."""
    return [_bare(line) for line in told if _ERROR.search(line) and not _CONSEQUENCE.search(line)]


def find_cause(lines: Sequence[str], limit: int = CAUSE_LIMIT) -> str:
    """Return the error of something that ended badly, else its last words; "" where it wrote nothing."""
    told = [line for line in lines if re.search(r"\w", line) and not line.startswith(_UNREAD)]
    last = next((line for line in reversed(told) if not _CONSEQUENCE.search(line)), "")
    return find_error(lines, limit) or _clip(_bare(last), limit)


def advise(cause: str) -> str:
    """Return the remedy of a cause that has one of its own, else ""."""
    found = ((re.search(pattern, cause), words) for pattern, words in _ADVICE)
    return next((words.format(match[1]) for match, words in found if match), "")


def tell(lines: Sequence[str], reason: str) -> str:
    """Return why a task ended, in a line, and behind it the remedy where it is known.

    ``reason`` is ECS's: it counts where the task wrote nothing, or was ended from outside.
    """
    killed = "OutOfMemory" in reason or "exit code 137" in reason
    cause = (not killed and find_cause(lines)) or find_error([reason]) or reason
    return "\n".join(filter(None, (cause, advise(cause))))


def quote(lines: Sequence[str], limit: int = QUOTE_LIMIT) -> str:
    """Return the last lines under a heading, repeated ones once with their count; or that there are none."""
    if not lines:
        return "It wrote nothing."
    kept: list[str] = []
    left = limit
    for line in reversed(collapse(lines)[-_QUOTED_LINES:]):
        left -= len(line) + 3
        if left < len("Its last lines:"):
            break
        kept.insert(0, f"\n  {line}")
    return f"Its last lines:{''.join(kept)}"


_MARKUP = re.compile(r"[\\`*\[\]|~]|^[#>=]")


def as_markdown(message: str) -> str:
    """Return a message whose quoted lines, which are indented, are code, and in which nothing else is markup.

    Markdown would take ``<module>`` for a tag and ``__init__`` for bold; and an application could put
    headings, links and pictures into what a person reads before a decision.
    """
    found: list[str] = []
    for quoted, lines in groupby(message.split("\n"), key=lambda line: line.startswith("  ")):
        rows = [line.replace("```", "") for line in lines]
        plain = [_MARKUP.sub(r"\\\g<0>", row).replace("<", "&lt;").replace("__", r"\_\_") for row in rows]
        found += ["```", *rows, "```"] if quoted else ["  \n".join(plain)]
    return "\n".join(found)


def collapse(lines: Sequence[str]) -> list[str]:
    """Return the lines clipped; of those that come again, alone or as a block, the newest with its count.

    Lines are the same where they differ only in numbers: times, processes, addresses.
    """
    keys = [re.sub(r"\b[0-9a-f]{8,}\b|\d+", "0", line.strip()) for line in lines]
    found, at = [], 0
    while at < len(lines):
        size, times = max(
            ((size, _times(keys, at, size)) for size in range(1, _BLOCK + 1)),
            key=lambda item: (item[0] * item[1] if item[1] > 1 else 1, -item[0]),
        )
        size = size if times > 1 else 1
        at += size * times
        block = [_clip(line.rstrip(), _LINE_LIMIT) for line in lines[at - size : at]]
        if times > 1:
            block[-1] += f" ({times} times)" if size == 1 else f" (these {size} lines {times} times)"
        found += block
    return found


def _times(keys: list[str], at: int, size: int) -> int:
    """Count how often the block comes in a row."""
    block, times = keys[at : at + size], 1
    while len(block) == size and keys[at + times * size : at + (times + 1) * size] == block:
        times += 1
    return times


_Raised = tuple[int, int, str]
"""First line of a traceback, the line behind its exception, and the exception."""


def _chains(lines: list[str], placed: bool = False) -> Iterator[tuple[int, str]]:
    """Yield the end and the telling of each chain of tracebacks."""
    chain: list[_Raised] = []
    for raised in _tracebacks(lines):
        between = lines[chain[-1][1] : raised[0]] if chain else []
        if not any(line.endswith(_CHAINS) for line in between):
            yield from _telling(chain, lines if placed else [])
            chain = []
        chain.append(raised)
    yield from _telling(chain, lines if placed else [])


def _telling(chain: list[_Raised], lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield one telling, with a place from the lines; an exit that somebody asked for says nothing."""
    errors: dict[str, str] = {}
    for *_, text in reversed(chain):
        name, _, words = text.partition(": ")
        if name not in _ENDS:
            errors.setdefault(words or name, text)
    if errors:
        first, *rest = errors.values()
        start, end, _ = chain[-1]
        place = "" if first.endswith(")") else _place(lines[start:end], _OWN_PLACE)
        yield end, first + (f" (from {', from '.join(rest)})" if rest else "") + place


def _tracebacks(lines: list[str]) -> Iterator[_Raised]:
    """Yield each traceback's exception, in order; one that is cut off has none."""
    for start, line in enumerate(lines):
        column = line.find(_TRACEBACK)
        if column < 0:
            continue
        shape = _shape(line[:column])
        rows = [row[column:] if _shape(row[:column]) == shape else row for row in lines[start + 1 :]]
        end = next((at for at, row in enumerate(rows) if _TRACEBACK in row or row[:1].strip()), len(rows))
        if end < len(rows) and _EXCEPTION.match(rows[end]):
            yield start, start + end + 2, _raised(rows[:end], rows[end:])


def _raised(frames: list[str], rest: list[str]) -> str:
    """Return the exception with all of its message, and for a syntax error the place."""
    if rest[0].endswith(_CHECKS):
        return _checks(rest)
    more = []
    for row in rest[1 : 1 + _MORE_OF_MESSAGE]:
        if not re.search(r"\w", row) or _RECORD.match(row) or _TRACEBACK in row or row.endswith(_CHAINS):
            break
        more.append(row.strip())
    return _clip(" ".join([rest[0].rstrip(), *more]), _MESSAGE_LIMIT) + _place(frames)


def _place(rows: list[str], frame: re.Pattern[str] = _PLACE) -> str:
    """Return the place of the last such frame; code that could not be read has a frame without a name."""
    found = list(filter(None, map(frame.match, rows)))
    return f" ({found[-1][1]}, line {found[-1][2]})" if found else ""


def _checks(rows: list[str]) -> str:
    """Return what Django's checks call errors."""
    found: list[str] = []
    grave = False
    for row in rows[1:]:
        if row.strip().endswith(":") and row.strip()[:-1].isupper():
            grave = row.startswith(("ERRORS", "CRITICAL"))
        elif row.startswith("System check identified"):
            break
        elif grave and row.strip():
            found.append(row.strip())
    return _clip(f"SystemCheckError: {' '.join(found) or rows[0].strip()}", _MESSAGE_LIMIT)


def _sentences(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield the place and the text of each error that stands alone, without a traceback."""
    for at, line in enumerate(lines):
        text = _bare(line)
        if text.endswith(_CHECKS) and text.startswith("SystemCheckError"):
            yield at, _checks([_bare(line) for line in lines[at:]])
        elif text.startswith("SyntaxError: "):
            yield at, text + _place(lines[:at])
        elif said := _ENGINE.search(text):
            yield at, said[0]
        elif (_NAMED.match(text) and not _CONSEQUENCE.search(text)) or _TOLD.search(text):
            yield at, text


def _shape(prefix: str) -> str:
    return re.sub(r"\d+", "0", prefix)


def _bare(line: str) -> str:
    return _PREFIX.sub("", line, count=1).strip()


def _clip(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
