"""The engine knows no application: what the sample has stands in its configuration alone."""

import re

import pytest

from pipeline.environment.files import PROJECT

FOLDERS = ("pipeline", "tasks", "flows", "blocks", "terraform")
DEFAULTS = re.compile(r"pipeline/environment/application\.py|terraform/variables[^/]*\.tf")
"""Files of settings' defaults."""
CONFIGURATION = re.compile(r"terraform/(environments|tests|scan|\.terraform)|/tests/|__pycache__")
READERS = {
    "pipeline/diagnosis/diagnosis.py": "quotes the checklist of the deployment guide, word for word",
    "pipeline/delivery/running.py": "reads what every server of Django applications writes",
    "pipeline/health/answers.py": "reads what every server of Django applications writes",
    "pipeline/log_cause.py": "reads what every server of Django applications writes",
}

SAMPLES = {
    "a key": r"DJANGO_SECRET|MYCREDEX|WHATSAPP_|CLIENT_API_KEY",
    "a path": r"/data\b(?!/)|/data/|db\.sqlite3|/app\b/|/health/",
    "a user": r"\b10001\b",
    "a command": r"gunicorn|uwsgi|daphne|manage\.py|healthcheck\.py|wsgi\b",
    "a name": r"\bledger\b|vimbiso\.(wsgi|settings)|vimbiso-pay|mycredex",
}


@pytest.mark.parametrize("pattern", SAMPLES.values(), ids=SAMPLES.keys())
def test_nothing_of_the_sample_stands_in_the_engine(pattern: str) -> None:
    """Neither in code nor in a comment or a message; examples and defaults of settings excepted."""
    found = [
        f"{name}:{number}: {line.strip()}"
        for folder in FOLDERS
        for path in sorted((PROJECT / folder).rglob("*"))
        if path.suffix in {".py", ".tf", ".hcl", ".json", ".toml"} and path.is_file()
        if not CONFIGURATION.search(name := path.relative_to(PROJECT).as_posix())
        if not DEFAULTS.fullmatch(name) and name not in READERS
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert found == []
