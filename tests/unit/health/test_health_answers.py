"""Usual causes of bad answers, and what of an answer is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.health.answers import BODY_LIMIT, explain_answer, listens_elsewhere, name_body, name_place

TASK = "http://10.0.0.7:8000/health/"
PUBLIC = "https://pay.test/health/"


@pytest.mark.parametrize(
    ("status", "url", "headers", "told"),
    [
        (301, TASK, {"location": "https://10.0.0.7:8000/health/"}, 'SECURE_REDIRECT_EXEMPT = [r"^health/$"]'),
        (301, TASK, {"location": "https://pay.test/health/"}, 'SECURE_REDIRECT_EXEMPT = [r"^health/$"]'),
        (301, "http://x/", {"location": "https://x/"}, 'SECURE_REDIRECT_EXEMPT = [r"^$"]'),
        (301, "http://x/up", {"location": "https://x/up"}, 'SECURE_REDIRECT_EXEMPT = [r"^up$"]'),
        (301, PUBLIC, {"location": PUBLIC}, 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")'),
        (301, "http://x/health", {"location": "/health/"}, "APPEND_SLASH: set health_path to /health/"),
        (302, TASK, {"location": "/accounts/login/?next=/health/"}, "exempt the health path from the login"),
        (
            302,
            TASK,
            {"location": "https://sso.test/start?next=/health/"},
            "exempt the health path from the login",
        ),
        (302, TASK, {"location": "/elsewhere"}, "Set health_path to a page that answers by itself"),
        (302, TASK, {"location": "http://[x"}, "an address that is none"),
        (302, TASK, {}, ""),
        (400, TASK, {}, "ALLOWED_HOSTS refuses the host"),
        (401, TASK, {}, "exempt the health path from the login"),
        (403, TASK, {}, "exempt the health path from the login"),
        (404, TASK, {}, "The application has no page /health/: set health_path"),
        (502, PUBLIC, {"server": "awselb/2.0"}, "No task answers"),
        (503, PUBLIC, {"content-type": "text/html"}, "No task answers"),
        (503, PUBLIC, {"content-type": "application/json"}, ""),
        (500, TASK, {}, ""),
    ],
)
def test_a_bad_answer_has_its_usual_cause(status: int, url: str, headers: dict[str, str], told: str) -> None:
    """With the line to write; where only the log knows, nothing is guessed."""
    found = explain_answer(status, headers, url)
    assert told in found
    assert bool(found) is bool(told)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ('{"status": "bad", "message": "the cache server is gone"}', "the cache server is gone"),
        ('{"detail": "no", "x": 1}', "no"),
        ('{"status": "bad"}', '{"status": "bad"}'),
        ("[1, 2]", "[1, 2]"),
        (
            "<!doctype html><title>x</title><style>b {}</style>\n<h1>Bad Request (400)</h1><p></p>",
            "Bad Request (400)",
        ),
        ('{"db_password": "hunter2", "ok": false}', '{"db_password": ***, "ok": false}'),
        ("token=abc123&x=1", "token=***&x=1"),
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ("redis://user:hunter2@cache:6379 is gone", "redis://cache:6379 is gone"),
        ("", ""),
    ],
)
def test_a_body_is_shown_in_a_line_without_secrets(body: str, shown: str) -> None:
    """It often says what is wrong; it may also hold what nobody should read."""
    assert name_body(body) == shown


@given(st.text())
def test_a_body_is_never_longer_than_its_limit(body: str) -> None:
    """Whatever it holds, it is one line."""
    found = name_body(body)
    assert len(found) <= BODY_LIMIT
    assert len(found.splitlines()) <= 1


@pytest.mark.parametrize("body", ["<style" * 300_000, "x-" * 900_000, "password" * 200_000])
def test_a_huge_answer_does_not_hold_the_probe_up(body: str) -> None:
    """Whoever answers with it decides what it holds: searched to its end, it would take hours."""
    assert len(name_body(body)) <= BODY_LIMIT


def test_a_place_is_shown_without_its_secrets() -> None:
    """Queries and passwords of an address are nobody's business."""
    assert name_place("https://u:p@x/login?token=abc#a") == "https://x/login"


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("[2026-11-24 13:53:05 +0000] [1] [INFO] Listening at: http://0.0.0.0:8001 (1)", "port 8001"),
        ("INFO:     Uvicorn running on http://0.0.0.0:8001 (Press CTRL+C to quit)", "port 8001"),
        ("2026-11-24 13:53:05 INFO Listening on TCP address 0.0.0.0:8001", "port 8001"),
        ("uwsgi socket 0 bound to TCP address :8001 fd 3", "port 8001"),
        ("uWSGI http bound on :8001 fd 4", "port 8001"),
        ("Serving on http://0.0.0.0:8001", "port 8001"),
        ("Starting development server at http://127.0.0.1:8000/", "127.0.0.1 alone"),
        ("Listening at: http://0.0.0.0:8000 (1)", ""),
        ("Listening at: http://[::]:8000 (1)", ""),
        ("Listening at: unix:/tmp/x.sock (1)", ""),
        ("GET /health/ 200", ""),
    ],
)
def test_a_log_tells_where_the_application_listens(line: str, where: str) -> None:
    """Each server has its own words for it; loopback is as good as another port."""
    found = listens_elsewhere([line], 8000)
    assert (f"listens on {where}." in found) is bool(where)
    assert bool(found) is bool(where)


def test_a_second_port_beside_the_right_one_is_none_of_our_business() -> None:
    """As the one of uwsgi behind its own router."""
    assert listens_elsewhere(["uWSGI http bound on :8000", "bound to TCP address 127.0.0.1:4001"], 8000) == ""
